/** Runs once when an element comes into the window, or within `margin` of it; what it gives back stops waiting. */
export function whenSeen(element: Element, then: () => void, margin = "0px"): () => void {
  const seen = new IntersectionObserver(
    (entries) => {
      if (!entries.some((one) => one.isIntersecting)) return;
      seen.disconnect();
      then();
    },
    { rootMargin: margin },
  );
  seen.observe(element);
  return () => seen.disconnect();
}
