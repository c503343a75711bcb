// Draws what the agent says. If the agent is silent, it says that help is coming: never blank.
import { chime } from "./chime.js";
import { drawRequests } from "./requests.js";

const SILENT_AFTER = 12_000; // ms; the agent speaks at least every 5 s
const alone = JSON.parse(document.body.dataset.alone);
const edition = document.body.dataset.edition;
const [first, notice, others, pictogram] = ["first", "notice", "others", "pictogram"].map((id) =>
  document.getElementById(id),
);
let silence;

function speak(element, { code, direction, text }) {
  element.lang = code;
  element.dir = direction;
  if (element.textContent !== text) element.textContent = text; // said again only if it is new
  return element;
}

export function draw(now) {
  const { body, documentElement: root } = document;
  if (body.dataset.screen !== now.screen && now.sound) chime(now.tone);
  body.dataset.screen = now.screen;
  body.dataset.tone = now.tone;
  root.lang = now.texts[0].code;
  root.dir = now.texts[0].direction;
  document.title = now.words.title;
  pictogram.setAttribute("href", `/static/pictograms.svg#${now.screen}`);
  speak(first, now.texts[0]);
  notice.textContent = now.notice;
  others.replaceChildren(...now.texts.slice(1).map((said) => speak(document.createElement("li"), said)));
  others.hidden = now.texts.length < 2; // an empty list is none
  drawRequests(now);
}

function listen() {
  document.body.dataset.live = ""; // from here on, silence is noticed
  const stream = new EventSource("/state");
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => draw(alone), SILENT_AFTER);
  };
  stream.onopen = heard;
  stream.onmessage = (message) => {
    heard();
    const now = JSON.parse(message.data);
    if (now.edition === edition) draw(now);
    else location.reload(); // an old tab
  };
  stream.addEventListener("here", heard);
  stream.onerror = () => {
    draw(alone);
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 2_000); // it gave up; we do not
  };
}

listen();
