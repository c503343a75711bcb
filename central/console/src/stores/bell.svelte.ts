// A short rising tone, made here: nothing is fetched, and nothing sounds when it is turned off.
import { preferences } from "./preferences.svelte";

const TONES_HZ = [660, 880];
const EACH_S = 0.14;
const LOUD = 0.2;

class Bell {
  #audio: AudioContext | null = null;

  ring(): void {
    if (!preferences.choices.sound) return;
    const audio = this.#audio ??= new AudioContext();
    void audio.resume(); // a browser keeps quiet until its person has pressed something
    TONES_HZ.forEach((tone, index) => this.#tone(audio, tone, audio.currentTime + index * EACH_S));
  }

  #tone(audio: AudioContext, tone: number, at: number): void {
    const source = new OscillatorNode(audio, { frequency: tone });
    const gain = new GainNode(audio, { gain: 0 });
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(LOUD, at + 0.02);
    gain.gain.linearRampToValueAtTime(0, at + EACH_S);
    source.connect(gain).connect(audio.destination);
    source.start(at);
    source.stop(at + EACH_S);
  }
}

export const bell = new Bell();
