// Numbers beside the lines of the document, and from an error to its line. Without it all works, unnumbered.
"use strict";
for (const field of document.querySelectorAll("textarea[data-numbered]")) {
  const frame = document.createElement("div"), gutter = document.createElement("pre");
  frame.className = "numbered";
  gutter.className = "gutter";
  gutter.setAttribute("aria-hidden", "true");
  field.before(frame);
  frame.append(gutter, field);
  const number = () => {
    const lines = field.value.split("\n").length;
    if (gutter.childElementCount || gutter.dataset.lines !== String(lines)) {
      gutter.textContent = Array.from({ length: lines }, (_, place) => place + 1).join("\n");
      gutter.dataset.lines = String(lines);
    }
    gutter.scrollTop = field.scrollTop;
  };
  const follow = () => { gutter.style.height = `${field.offsetHeight}px`; number(); };
  field.addEventListener("input", number);
  field.addEventListener("scroll", number);
  new ResizeObserver(follow).observe(field);
  follow();
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-line]");
    if (!link) return;
    event.preventDefault();
    const lines = field.value.split("\n"), line = Number(link.dataset.line) - 1;
    const from = lines.slice(0, line).reduce((sum, each) => sum + each.length + 1, 0);
    field.focus();
    field.setSelectionRange(from, from + (lines[line] || "").length);
    field.scrollTop = Math.max(0, line - 4) * (field.scrollHeight / lines.length);
  });
}
