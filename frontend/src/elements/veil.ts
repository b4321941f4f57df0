/** When a map is loaded: it is the heaviest thing a page sends. */
import { button, make } from "../dom";
import { whenSeen } from "../seen";
import { say } from "../words";

/** Once it is seen; with data-lazy on a narrow screen, once somebody taps its veil. Gives back what stops waiting. */
export function whenWanted(map: HTMLElement, then: () => void): () => void {
  if (!map.hasAttribute("data-lazy") || !matchMedia("(max-width: 960px)").matches) return whenSeen(map, then);
  const veil = button("veil", "", () => {
    veil.remove();
    then();
  });
  veil.append(make("span", "", say("openMap")));
  map.append(veil);
  return () => veil.remove();
}
