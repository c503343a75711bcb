// Draws what the agent says. If the agent is silent, it says that help is coming: never blank.
const SILENT_AFTER = 12_000; // ms; the agent speaks at least every 5 s
const ALONE = {
  screen: "wait_for_officer",
  texts: [
    { code: "en", direction: "ltr", text: "Please wait a moment. A colleague is coming to help you." },
    { code: "fr", direction: "ltr", text: "Un instant, s’il vous plaît. Un agent vient vous aider." },
    { code: "es", direction: "ltr", text: "Espere un momento, por favor. Alguien del personal viene a ayudarle." },
    { code: "ar", direction: "rtl", text: "يُرجى الانتظار لحظة. سيأتي أحد الزملاء لمساعدتك." },
  ],
};

const first = document.getElementById("first");
const others = document.getElementById("others");
const pictogram = document.getElementById("pictogram");
let silence;

function speak(element, { code, direction, text }) {
  element.lang = code;
  element.dir = direction;
  element.textContent = text;
  return element;
}

function draw({ screen, texts }) {
  document.body.dataset.screen = screen;
  document.documentElement.lang = texts[0].code;
  document.documentElement.dir = texts[0].direction;
  pictogram.setAttribute("href", `/static/pictograms.svg#${screen}`);
  speak(first, texts[0]);
  others.replaceChildren(...texts.slice(1).map((said) => speak(document.createElement("li"), said)));
}

function listen() {
  const stream = new EventSource("/state");
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => draw(ALONE), SILENT_AFTER);
  };
  stream.onopen = heard;
  stream.onmessage = (message) => {
    heard();
    draw(JSON.parse(message.data));
  };
  stream.addEventListener("here", heard);
  stream.onerror = () => draw(ALONE); // the browser tries again by itself
}

draw(ALONE);
listen();
