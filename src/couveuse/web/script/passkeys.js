// Passkeys: a form that says how (login, authenticate, add) asks the browser for a key, and sends what it answers.
(() => {
  const keys = window.webauthnJSON;
  // Browsers make none for a page by number, or on an open line.
  const isNamed = !/^[\d.]+$|:/.test(location.hostname);
  if (!keys || !window.PublicKeyCredential || !window.isSecureContext || !isNamed) return;

  const options = async (form, how) => {
    if (how !== "login") return JSON.parse(form.dataset.options);
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.status);
    return (await answer.json()).request_options;
  };

  const made = async (form) => {
    const asked = await options(form, "add");
    const alone = form.querySelector("[name=passwordless]");
    const wanted = asked.publicKey.authenticatorSelection;
    if (alone && wanted) {
      wanted.residentKey = alone.checked ? "required" : "discouraged";
      wanted.requireResidentKey = alone.checked;
      if (alone.checked) wanted.userVerification = "required";
    }
    return keys.create(asked);
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const how = form.dataset.passkey;
    const button = form.querySelector("[data-begins]");
    const failed = form.querySelector("[data-failed]");
    button.hidden = false;
    button.addEventListener("click", async () => {
      failed.hidden = true;
      button.disabled = true;
      try {
        const key = how === "add" ? await made(form) : await keys.get(await options(form, how));
        form.querySelector("[name=credential]").value = JSON.stringify(key);
        form.submit();
      } catch {
        failed.hidden = false;
        button.disabled = false;
      }
    });
  }
})();
