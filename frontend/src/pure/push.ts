/** What opting in to web push needs: keys as bytes, and what a browser is called. */

/** The bytes of a base64url text. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  const made = new Uint8Array(plain.length);
  for (let i = 0; i < plain.length; i++) made[i] = plain.charCodeAt(i);
  return made;
}

/** What a browser calls itself, short enough for a list: "Chrome · Android". */
export function browserName(agent: string): string {
  const name = /Edg/.test(agent)
    ? "Edge"
    : /Firefox/.test(agent)
      ? "Firefox"
      : /Chrom/.test(agent)
        ? "Chrome"
        : /Safari/.test(agent)
          ? "Safari"
          : "";
  // a telephone's browser names its desktop cousin too
  const place = ["Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux"].find((one) => agent.includes(one)) ?? "";
  return [name, place.replace("Mac OS X", "macOS")].filter(Boolean).join(" · ");
}
