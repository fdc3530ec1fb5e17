// The desk: outcomes by a key each, a task kept while it is looked at and left when it is, an undo that goes by itself.
(() => {
  const desk = document.querySelector("[data-desk]");
  const renew = document.getElementById("desk-renew");
  const note = document.getElementById("desk-note");
  const off = "couveuse.desk.keys";
  let sent = false;
  for (const bar of document.querySelectorAll("[data-left]")) {
    setTimeout(() => bar.remove(), Number(bar.dataset.left));
  }
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.method !== "post") return;
    if (sent) event.preventDefault();
    sent = true;
  });
  addEventListener("pageshow", () => {
    sent = false;
    keep();
  });

  function keep() {
    if (renew && document.visibilityState === "visible" && window.htmx) window.htmx.trigger(renew, "renew");
  }
  if (renew) {
    setInterval(keep, 60000);
    document.addEventListener("visibilitychange", keep);
    addEventListener("pagehide", () => {
      const token = document.querySelector("input[name=csrfmiddlewaretoken]");
      if (sent || !token) return;
      const form = new FormData();
      form.append("csrfmiddlewaretoken", token.value);
      navigator.sendBeacon(desk.dataset.leaves, form);
    });
  }

  const toggle = document.querySelector("[data-keys]");
  const answers = () => localStorage.getItem(off) !== "1";
  if (toggle) {
    const show = () => {
      toggle.setAttribute("aria-pressed", String(answers()));
      if (desk) desk.classList.toggle("keyless", !answers());
    };
    toggle.hidden = false;
    toggle.addEventListener("click", () => {
      if (answers()) localStorage.setItem(off, "1");
      else localStorage.removeItem(off);
      show();
    });
    show();
  }
  for (const panel of document.querySelectorAll("details.key-form")) {
    panel.addEventListener("toggle", () => {
      if (!panel.open) return;
      const inside = panel.querySelector("[data-note]");
      if (inside && note && note.value && !inside.value) inside.value = note.value;
      const first = panel.querySelector(".chip, input:not([type=hidden]), select");
      if (first) first.focus();
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") {
      const open = event.target.closest("details.key-form[open]");
      if (!open) return;
      open.open = false;
      open.querySelector("summary").focus();
      return;
    }
    if (event.target.closest("input, textarea, select") || !answers()) return;
    const key = event.key.toLowerCase();
    const found =
      key === "u"
        ? document.querySelector("[data-undo]")
        : /^[0-9]$/.test(key) && desk && desk.querySelector(`[data-key="${key}"]`);
    if (!found) return;
    event.preventDefault();
    found.click();
  });
})();
