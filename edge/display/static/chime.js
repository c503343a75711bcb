// A gentle sound for every new screen: up for go, level for wait, a falling third for a change.
const NOTES = { go: [523, 784], wait: [587], change: [659, 523], leave: [784, 784, 784] }; // Hz
const LASTS = 0.5; // s per note
const LOUD = 0.12; // of full scale
let context;

export function chime(tone) {
  context ??= new AudioContext();
  if (context.state === "suspended") {
    context.resume(); // browsers want a press first, unless the kiosk allows sound
    return;
  }
  NOTES[tone].forEach((pitch, index) => note(pitch, context.currentTime + index * 0.18));
}

function note(pitch, at) {
  const tone = new OscillatorNode(context, { frequency: pitch });
  const volume = new GainNode(context, { gain: 0 });
  volume.gain.setTargetAtTime(LOUD, at, 0.02);
  volume.gain.setTargetAtTime(0, at + 0.12, 0.12);
  tone.connect(volume).connect(context.destination);
  tone.start(at);
  tone.stop(at + LASTS);
}
