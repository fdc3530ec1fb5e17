// The list of leads: rows that are chosen, the panel beside it. Without this script the list is links and forms.
(() => {
  const panel = document.getElementById("panel");
  const form = document.getElementById("leads-chosen");
  if (!form || !panel) return;
  const bar = document.getElementById("chosen-bar");
  const every = document.getElementById("pick-all");
  const picks = () => [...form.querySelectorAll("input[name=lead]")];
  const wide = window.matchMedia("(min-width: 1100px)");
  document.getElementById("keys").hidden = false;
  let last = null;
  let byArrow = false;

  const count = () => {
    if (!bar) return;
    const chosen = picks().filter((pick) => pick.checked).length;
    const words = document.getElementById("chosen-count");
    words.textContent = (chosen === 1 ? words.dataset.one : words.dataset.some).replace("{n}", chosen);
    bar.hidden = chosen === 0;
    if (every) {
      every.checked = chosen > 0 && chosen === picks().length;
      every.indeterminate = chosen > 0 && !every.checked;
    }
  };
  if (every) {
    every.hidden = false;
    every.addEventListener("change", () => {
      for (const pick of picks()) pick.checked = every.checked;
      count();
    });
  }
  form.addEventListener("click", (event) => {
    if (event.target.name !== "lead") return;
    const all = picks();
    if (event.shiftKey && last && all.includes(last)) {
      const [from, to] = [all.indexOf(last), all.indexOf(event.target)].sort((a, b) => a - b);
      for (const pick of all.slice(from, to + 1)) pick.checked = event.target.checked;
    }
    last = event.target;
    count();
  });
  count();

  // The row opens its panel; once more, or where there is no room for one, its page.
  form.addEventListener("click", (event) => {
    const link = event.target.closest("a.opens");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (wide.matches && !(link.closest("tr").hasAttribute("aria-current") && !byArrow)) return;
    event.stopPropagation();
    event.preventDefault();
    window.location.assign(link.href);
  }, true);
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== panel) return;
    const link = event.detail.requestConfig.elt;
    for (const row of form.querySelectorAll("tr[aria-current]")) row.removeAttribute("aria-current");
    if (link.closest("tr")) link.closest("tr").setAttribute("aria-current", "true");
  });
  const close = () => {
    const row = form.querySelector("tr[aria-current]");
    panel.replaceChildren();
    if (row) {
      row.removeAttribute("aria-current");
      row.querySelector("a.opens").focus();
    }
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-empties=panel]")) close();
  });
  document.addEventListener("keydown", (event) => {
    byArrow = event.key === "ArrowDown" || event.key === "ArrowUp";
    const floats = document.querySelector("dialog[open], details:is(.menu, .lead-menu)[open]");
    if (event.key === "Escape" && panel.hasChildNodes() && !floats) close();
    // From the page or from its search the arrow leads into the list.
    if (event.key === "ArrowDown" && !floats && event.target.matches("body, main, #f-q")) {
      event.preventDefault();
      event.stopPropagation();
      (form.querySelector("tr[aria-current] a.opens") || form.querySelector("a.opens")).focus();
    }
  }, true);
  form.addEventListener("focusin", (event) => {
    if (byArrow && panel.hasChildNodes() && event.target.matches("a.opens")) event.target.click();
  });
})();
