// Passkeys: asks the browser for a key when a form[data-passkey] is sent, puts the answer into the field "credential" and sends the form.
//   data-passkey="create"  makes a key with the options in #passkey-options      data-passkey="get"  uses one with the options there
//   data-passkey="log-in"  uses any key of this site; its options come from the address of the form
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const written = () => JSON.parse(document.getElementById("passkey-options").textContent).publicKey;

async function asked(form) {
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(answer.status);
  return (await answer.json()).request_options.publicKey;
}

function read(options) {
  const keys = (list) => (list || []).map((key) => ({ ...key, id: bytes(key.id) }));
  const made = { ...options, challenge: bytes(options.challenge) };
  if (options.user) made.user = { ...options.user, id: bytes(options.user.id) };
  if (options.excludeCredentials) made.excludeCredentials = keys(options.excludeCredentials);
  if (options.allowCredentials) made.allowCredentials = keys(options.allowCredentials);
  return made;
}

function shown(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment || undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
    response,
  };
}

const ceremonies = {
  create: async () => navigator.credentials.create({ publicKey: read(written()) }),
  get: async () => navigator.credentials.get({ publicKey: read(written()) }),
  "log-in": async (form) => navigator.credentials.get({ publicKey: read(await asked(form)) }),
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("button[type=submit]");
  const said = form.querySelector("[data-passkey-said]");
  const say = (sentence) => {
    said.querySelector("p").textContent = sentence;
    said.hidden = false;
  };
  if (!window.PublicKeyCredential) {
    if (form.dataset.passkey === "log-in") continue; // the password is right there
    button.remove();
    form.hidden = false;
    say(form.dataset.unsupported);
    continue;
  }
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    said.hidden = true;
    button.disabled = true;
    try {
      const credential = await ceremonies[form.dataset.passkey](form);
      form.elements.credential.value = JSON.stringify(shown(credential));
      form.submit();
    } catch {
      say(form.dataset.failed);
      button.disabled = false;
    }
  });
}
