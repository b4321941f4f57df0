/** Which face of the colours is worn. */
export const face = (): "light" | "dark" => {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "dark" || (!chosen && matchMedia("(prefers-color-scheme: dark)").matches) ? "dark" : "light";
};
