// The two buttons, and what opens above them. Every press is sent; nothing is remembered here.
const OPEN_FOR = 20_000; // ms without a press; then the choices close by themselves
const WISHES = {
  "more-time": { says: "more_time", answer: "more_time_given" },
  "lower-camera": { says: "lower_camera", answer: "camera_lowered" },
  help: { says: "colleague", answer: "colleague_called" },
};
const [requests, choices, answer, language, help] = ["requests", "choices", "answer", "language", "help"].map(
  (id) => document.getElementById(id),
);
let open = null; // the button whose choices are shown
let closing;
let last; // the screen drawn last

async function send(kind, value = "") {
  toggle(open);
  const body = JSON.stringify({ kind, value });
  const headers = { "Content-Type": "application/json" };
  try {
    await fetch("/request", { method: "POST", headers, body });
  } catch {
    // the stream notices by itself that the agent is away
  }
}

function choice(label, pressed, onclick) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = label;
  button.setAttribute("aria-pressed", pressed);
  button.onclick = onclick;
  return button;
}

function languages({ languages, texts }) {
  return languages.map(({ code, name }) => {
    const button = choice(name, code === texts[0].code, () => send("language", code));
    button.lang = code;
    return button;
  });
}

function wishes({ kinds, asked, words }) {
  const offered = kinds.filter((kind) => kind in WISHES);
  return offered.map((kind) => choice(words[WISHES[kind].says], asked.includes(kind), () => send(kind)));
}

function toggle(button) {
  open = button;
  clearTimeout(closing);
  if (open) closing = setTimeout(() => drawRequests(last, null), OPEN_FOR);
}

export function drawRequests(now, opened = open) {
  last = now;
  toggle(now.controls ? opened : null);
  requests.hidden = !now.controls;
  for (const [button, word] of [[language, "language"], [help, "help"]]) {
    button.lastElementChild.textContent = now.words[word];
    button.setAttribute("aria-expanded", button === open);
  }
  const held = [...choices.children].indexOf(document.activeElement);
  choices.replaceChildren(...(open === language ? languages(now) : open === help ? wishes(now) : []));
  choices.hidden = !open;
  document.body.dataset.open = open ? open.id : "";
  choices.children[held]?.focus(); // a press must not lose the keyboard's place
  const answers = now.asked.map((kind) => now.words[WISHES[kind].answer]).join(" ");
  if (answer.textContent !== answers) answer.textContent = answers;
}

for (const button of [language, help]) {
  button.onclick = () => drawRequests(last, button === open ? null : button);
}
addEventListener("keydown", ({ key }) => {
  if (key !== "Escape" || !open) return;
  open.focus();
  drawRequests(last, null);
});
