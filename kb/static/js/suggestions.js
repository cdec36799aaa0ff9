// Suggestions under the search box: the combobox pattern of WAI-ARIA with a list. Without it the box searches as ever.
const WAIT_MS = 150;

function connect(form) {
  const input = form.querySelector("input[type=search]");
  const list = form.querySelector("ul");
  const said = form.querySelector("[data-suggestions-said]");
  let active = -1;
  let timer = 0;
  let asking = null;

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", list.id);
  list.setAttribute("role", "listbox");

  function close() {
    clearTimeout(timer);
    asking?.abort();
    list.hidden = true;
    list.replaceChildren();
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function mark(place) {
    const options = list.children;
    active = place < -1 ? options.length - 1 : place >= options.length ? -1 : place;
    for (const [number, option] of [...options].entries()) option.setAttribute("aria-selected", String(number === active));
    if (active < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", options[active].id);
      options[active].scrollIntoView({ block: "nearest" });
    }
  }

  function choose(option) {
    if (option.dataset.url) window.location.assign(option.dataset.url);
    else {
      input.value = option.dataset.text;
      close();
      form.requestSubmit();
    }
  }

  function show(suggestions) {
    if (!suggestions.length) {
      close();
      said.textContent = "";
      return;
    }
    list.replaceChildren(...suggestions.map((suggestion, number) => {
      const option = document.createElement("li");
      option.id = `${list.id}-${number}`;
      option.className = `suggestions__option suggestions__option--${suggestion.kind}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.lang = suggestion.language;
      option.dataset.text = suggestion.text;
      if (suggestion.url) option.dataset.url = suggestion.url;
      option.textContent = suggestion.text;
      return option;
    }));
    active = -1;
    input.removeAttribute("aria-activedescendant");
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    said.textContent = suggestions.length === 1 ? list.dataset.one : list.dataset.many.replace("{count}", suggestions.length);
  }

  async function ask() {
    asking?.abort();
    const typed = input.value.trim();
    if (typed.length < 2) {
      close();
      return;
    }
    asking = new AbortController();
    try {
      const answer = await fetch(`${form.dataset.suggestions}?q=${encodeURIComponent(typed)}`, { signal: asking.signal });
      if (answer.ok && document.activeElement === input) show((await answer.json()).suggestions);
    } catch (error) {
      if (error.name !== "AbortError") close();
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      event.preventDefault();
      mark(active + steps[event.key]);
    } else if (event.key === "Enter" && active >= 0) {
      event.preventDefault();
      choose(list.children[active]);
    } else if (event.key === "Escape") {
      event.preventDefault();
      close();
    }
  });
  input.addEventListener("blur", close);
  form.addEventListener("submit", close);
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });
}

document.querySelectorAll("[data-suggestions]").forEach(connect);
