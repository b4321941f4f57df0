/** The package describes its whole build only; the light one (no subtitles, no protection of rights) has the same face. */
declare module "hls.js/light" {
  export { default, Events } from "hls.js";
}
