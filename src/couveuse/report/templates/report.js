"use strict";
// Refines what already reads without it: remembers the theme, and filters and sorts the table of leads.
(function () {
  const themes = [...document.querySelectorAll(".theme input")];
  const remember = (id) => { try { localStorage.setItem("couveuse-theme", id); } catch { /* a file may not be allowed to */ } };
  let kept = null;
  try { kept = localStorage.getItem("couveuse-theme"); } catch { /* the same */ }
  for (const input of themes) {
    if (input.id === kept) input.checked = true;
    input.addEventListener("change", () => remember(input.id));
  }

  const form = document.querySelector(".filters");
  if (!form) return;
  const table = document.querySelector("table.leads");
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row, place) => ({
    row, place, keys: row.dataset.k.split(" ").map(Number), text: plain(row.textContent),
  }));
  const search = form.querySelector("input");
  const buttons = [...form.querySelectorAll("button")];
  form.hidden = false;

  function plain(text) {
    return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  }

  function filter() {
    const words = plain(search.value).split(/\s+/).filter(Boolean);
    const wanted = buttons.filter((b) => b.getAttribute("aria-pressed") === "true").map((b) => b.dataset.show);
    let shown = 0;
    for (const { row, text } of rows) {
      const fits = words.every((word) => text.includes(word)) && (!wanted.length || wanted.includes(row.dataset.t));
      row.hidden = !fits;
      shown += fits;
    }
    form.querySelector("output").textContent = shown.toLocaleString(document.documentElement.lang);
  }

  function sort(head, key) {
    const rising = head.getAttribute("aria-sort") === "descending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", rising ? "ascending" : "descending");
    const way = rising ? 1 : -1;
    rows.sort((a, b) => way * (a.keys[key] - b.keys[key]) || a.place - b.place);
    body.append(...rows.map(({ row }) => row));
  }

  for (const head of table.tHead.querySelectorAll("[data-key]")) {
    const button = document.createElement("button");
    button.type = "button";
    const label = table.dataset.sort + " " + head.textContent.toLocaleLowerCase(document.documentElement.lang);
    button.title = label;
    button.setAttribute("aria-label", label);
    button.addEventListener("click", () => sort(head, Number(head.dataset.key)));
    head.append(button); // over the words, which printed pages repeat
  }
  table.tHead.querySelector("[data-key='0']").setAttribute("aria-sort", "descending");
  search.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const button of buttons) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      filter();
    });
  }
})();
