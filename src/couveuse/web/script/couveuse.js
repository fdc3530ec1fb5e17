// What all pages share: the palette (Ctrl K), dialogs, arrows in lists, toasts that leave.
(() => {
  const by = (id) => document.getElementById(id);
  const menus = "details:is(.menu, .lead-menu)[open]";
  const open = (id) => {
    const dialog = by(id);
    if (!dialog || dialog.open) return;
    dialog.showModal();
    const field = dialog.querySelector("[autofocus], input:not([type=hidden]), select, textarea");
    if (field) field.focus();
  };
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener && by(opener.dataset.opens)) {
      event.preventDefault();
      open(opener.dataset.opens);
    }
    const closer = event.target.closest("[data-closes]");
    if (closer) by(closer.dataset.closes).close();
    if (event.target instanceof HTMLDialogElement) event.target.close();
    const copier = event.target.closest("[data-copies]");
    if (copier && navigator.clipboard) {
      navigator.clipboard.writeText(by(copier.dataset.copies).textContent.trim());
      copier.setAttribute("data-copied", "");
    }
    for (const menu of document.querySelectorAll(menus)) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open("palette");
      return;
    }
    if (event.key === "Escape") {
      for (const menu of document.querySelectorAll(menus)) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
    }
    const list = event.target.closest("[data-arrows], #palette");
    if (!list || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
    if (event.target.matches("textarea, select, input:not([type=search])")) return;
    const rows = [...list.querySelectorAll(list.dataset.arrows || "#found a")];
    const place = rows.indexOf(event.target.closest(list.dataset.arrows || "#found a"));
    const next = rows[place + (event.key === "ArrowDown" ? 1 : -1)];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  });
  // Whose form came back goes on at the first field that is wrong.
  const wrong = document.querySelector("main [aria-invalid=true]");
  if (wrong) wrong.focus();
  // Enter in the palette goes to the first that was found, once that is what was found for what is written.
  document.addEventListener("submit", (event) => {
    const found = event.target.closest("#palette") && by("found").querySelector("[data-found]");
    const first = found && found.querySelector("a");
    if (!first || found.dataset.found !== event.target.elements.q.value.trim()) return;
    event.preventDefault();
    first.click();
  });
  const leave = (toast) => setTimeout(() => toast.remove(), 8000);
  const toasts = by("toasts");
  if (toasts) {
    toasts.querySelectorAll(".toast").forEach(leave);
    new MutationObserver((changes) => {
      for (const change of changes) for (const node of change.addedNodes) if (node.nodeType === 1) leave(node);
    }).observe(toasts, { childList: true });
  }
})();
