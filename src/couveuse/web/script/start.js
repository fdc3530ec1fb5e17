// A file that is too large is told of before it is sent; the server says the same.
(() => {
  const field = document.querySelector("input[type=file][data-most]");
  if (!field) return;
  field.addEventListener("change", () => {
    const file = field.files[0];
    const isTooLarge = file && file.size > Number(field.dataset.most);
    field.setCustomValidity(isTooLarge ? field.dataset.tooLarge : "");
    field.reportValidity();
  });
})();
