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

export interface Renewing {
  /** Asks again after `wait` ms; many wishes until then are one. */
  soon(wait: number): void;
  stop(): void;
}
/** Asks again every `every` ms and when wished for, while somebody looks at the page. */
export function renewing(every: number, renew: () => void): Renewing {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const soon = (wait: number): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      if (document.visibilityState === "visible") renew();
    }, wait);
  };
  const again = setInterval(() => soon(0), every);
  return {
    soon,
    stop: () => {
      clearInterval(again);
      clearTimeout(timer);
    },
  };
}
