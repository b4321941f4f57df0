// Shows messages sent by web push while no page is open. It controls no page and keeps nothing.
self.addEventListener("push", (event) => {
  let told = {};
  try {
    told = event.data?.json() ?? {};
  } catch {
    // shown without words of its own: browsers require that something is shown
  }
  event.waitUntil(
    self.registration.showNotification(told.title || "dothi", {
      body: told.body || "",
      lang: told.lang || "vi",
      tag: told.tag, // a second copy of a message replaces the first
      icon: "/static/mark.svg",
      requireInteraction: told.severity === "critical",
      data: { url: told.url || "/" },
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = new URL(event.notification.data?.url || "/", self.location.origin).href;
  event.waitUntil(
    self.clients.matchAll({ type: "window", includeUncontrolled: true }).then((windows) => {
      const open = windows.find((one) => one.url === url);
      return open ? open.focus() : self.clients.openWindow(url);
    }),
  );
});

self.addEventListener("install", () => self.skipWaiting());
