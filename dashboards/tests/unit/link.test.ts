import { describe, expect, it } from 'vitest';
import type { ServerMessage, Snapshot } from '../../src/contract/types';
import { waitBefore } from '../../src/live/backoff';
import { GIVE_UP_MS, Link, type Socket } from '../../src/live/link';

/** A link in the hands of a test: sockets, timers and chance are its own. */
function rig() {
  const sockets: (Socket & { sent: string[]; closed: boolean })[] = [];
  const timers: { at: number; then: () => void }[] = [];
  const told: string[] = [];
  let now = 0;
  const link = new Link(
    {
      connect: () => {
        const s = { onopen: null, onclose: null, onmessage: null, sent: [] as string[], closed: false, send: (t: string) => s.sent.push(t), close: () => (s.closed = true) };
        sockets.push(s as never);
        return s as unknown as Socket;
      },
      now: () => now,
      after: (ms, then) => {
        const timer = { at: now + ms, then };
        timers.push(timer);
        return () => timers.splice(timers.indexOf(timer), timers.includes(timer) ? 1 : 0);
      },
      random: () => 0.5,
    },
    {
      snapshot: (m) => told.push(`snapshot ${m.seq}`), changes: (c, seq) => told.push(`delta ${seq} ${c.length}`),
      values: (s) => told.push(`values ${s.length}`), beat: () => told.push('beat'),
      state: (up, attempt, code) => told.push(up ? 'up' : `down ${attempt} ${code}`), hole: (want, got) => told.push(`hole ${want} ${got}`),
    },
  );
  const socket = () => sockets[sockets.length - 1]!;
  const say = (m: Partial<ServerMessage> & { type: string }) => socket().onmessage?.({ data: JSON.stringify(m) } as MessageEvent);
  const pass = (ms: number) => {
    const until = now + ms;
    for (;;) {
      const due = timers.filter((t) => t.at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      timers.splice(timers.indexOf(due), 1);
      now = due.at;
      due.then();
    }
    now = until;
  };
  return { link, sockets, socket, told, say, pass };
}
const snapshot = (seq: number): Snapshot => ({ type: 'snapshot', epoch: 'e', seq, now_ms: 0, clock: 'live', speed: 1, status: 'actual', picture: {} as never });

describe('the live link', () => {
  it('says hello, takes the snapshot, applies what follows it once and in order', () => {
    const r = rig();
    r.link.start();
    r.socket().onopen?.({} as Event);
    expect(JSON.parse(r.socket().sent[0]!)).toEqual({ type: 'hello', last: 0 });
    r.say(snapshot(5));
    r.say({ type: 'delta', seq: 6, changes: [] });
    r.say({ type: 'delta', seq: 6, changes: [] });
    r.say({ type: 'delta', seq: 4, changes: [] });
    expect(r.told).toEqual(['snapshot 5', 'up', 'delta 6 0']);
  });

  it('finds a hole by the next delta or by the beat, asks once, and applies nothing out of turn', () => {
    const r = rig();
    r.link.start();
    r.socket().onopen?.({} as Event);
    r.say(snapshot(5));
    r.say({ type: 'delta', seq: 8, changes: [] });
    r.say({ type: 'delta', seq: 9, changes: [] });
    expect(r.told.slice(2)).toEqual(['hole 6 8']);
    expect(JSON.parse(r.socket().sent[1]!)).toEqual({ type: 'hello', epoch: 'e', last: 5 });
    r.say({ type: 'resumed', epoch: 'e', missed: 4 });
    for (const seq of [6, 7, 8, 9]) r.say({ type: 'delta', seq, changes: [] });
    r.say({ type: 'beat', seq: 10, now_ms: 1 });
    expect(r.told.slice(-2)).toEqual(['beat', 'hole 10 10']);
    expect(r.link.last).toBe(9);
  });

  it('resumes from its last number after a drop, and waits longer each time, for ever', () => {
    const r = rig();
    r.link.start();
    r.socket().onopen?.({} as Event);
    r.say(snapshot(5));
    for (let n = 0; n < 40; n += 1) {
      r.socket().onclose?.({ code: 1006 } as CloseEvent);
      r.pass(10_000);
    }
    expect(r.sockets).toHaveLength(41);
    expect(r.told.filter((t) => t.startsWith('down')).at(-1)).toBe('down 39 1006');
    r.socket().onopen?.({} as Event);
    expect(JSON.parse(r.socket().sent[0]!)).toEqual({ type: 'hello', epoch: 'e', last: 5 });
    r.say({ type: 'resumed', epoch: 'e', missed: 0 });
    expect(r.told.at(-1)).toBe('up');
  });

  it('gives up a socket that claims to be open and says nothing', () => {
    const r = rig();
    r.link.start();
    r.socket().onopen?.({} as Event);
    r.say(snapshot(1));
    r.pass(GIVE_UP_MS + 2_000);
    expect(r.told.at(-1)).toBe('down 0 0');
    expect(r.sockets[0]!.closed).toBe(true);
  });

  it('does not wait out its pause when the tab is looked at again', () => {
    const r = rig();
    r.link.start();
    r.socket().onclose?.({ code: 1006 } as CloseEvent);
    expect(r.sockets).toHaveLength(1);
    r.link.hurry();
    expect(r.sockets).toHaveLength(2);
  });

  it('is not thrown by bytes that are no message', () => {
    const r = rig();
    r.link.start();
    r.socket().onmessage?.({ data: '{' } as MessageEvent);
    r.say({ type: 'something_new' } as never);
    expect(r.told).toEqual([]);
  });
});

describe('the pause before a new attempt', () => {
  it('lies anywhere between nothing and a bound that doubles from 0.5 s to 10 s', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 1000].map((n) => waitBefore(n, 1))).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
    expect(waitBefore(9, 0)).toBe(0);
  });
});
