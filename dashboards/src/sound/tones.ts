// The tones themselves, by WebAudio: no files, nothing to fetch.
import type { Sound } from './schedule';

interface Tone {
  /** Seconds after the start. */
  at: number;
  lasts: number;
  from: number;
  to: number;
  type: OscillatorType;
  gain: number;
}

const pulse = (at: number): Tone => ({ at, lasts: 0.22, from: 988, to: 988, type: 'square', gain: 0.16 });

const TONES: Record<Sound, Tone[]> = {
  red: [pulse(0), pulse(0.36), pulse(0.72)],
  orange: [{ at: 0, lasts: 0.6, from: 660, to: 660, type: 'triangle', gain: 0.3 }],
  lost: [{ at: 0, lasts: 1.1, from: 740, to: 220, type: 'sawtooth', gain: 0.14 }],
  test: [
    { at: 0, lasts: 0.18, from: 660, to: 660, type: 'triangle', gain: 0.25 },
    { at: 0.22, lasts: 0.24, from: 880, to: 880, type: 'triangle', gain: 0.25 },
  ],
};

export function play(context: AudioContext, sound: Sound): void {
  const start = context.currentTime + 0.02;
  for (const tone of TONES[sound]) {
    const oscillator = context.createOscillator();
    const gain = context.createGain();
    const begin = start + tone.at;
    const end = begin + tone.lasts;
    oscillator.type = tone.type;
    oscillator.frequency.setValueAtTime(tone.from, begin);
    if (tone.to !== tone.from) oscillator.frequency.exponentialRampToValueAtTime(tone.to, end);
    // Short ramps: a tone that starts on an edge clicks.
    gain.gain.setValueAtTime(0.0001, begin);
    gain.gain.exponentialRampToValueAtTime(tone.gain, begin + 0.015);
    gain.gain.setValueAtTime(tone.gain, end - 0.03);
    gain.gain.exponentialRampToValueAtTime(0.0001, end);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(begin);
    oscillator.stop(end + 0.02);
  }
}
