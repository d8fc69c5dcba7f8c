// Requests to the platform: same origin, the session's cookie, JSON, and a typed refusal.
import type { Problem } from '../contract/types';

/** Longest wait for an answer, milliseconds: past it the officer is told, not left waiting. */
const ANSWER_WITHIN_MS = 8_000;

/** The platform refused, or could not be reached (`reason` is then `unreachable`). */
export class Refused extends Error {
  readonly reason: string;
  readonly detail: string;
  /** What the reason names, so that it can be worded here. */
  readonly terms: Record<string, string>;
  readonly status: number;

  constructor(problem: Problem, status: number) {
    super(`${problem.reason}: ${problem.detail}`);
    this.reason = problem.reason;
    this.detail = problem.detail;
    this.terms = problem.terms ?? {};
    this.status = status;
  }
}

async function problemOf(answer: Response): Promise<Problem> {
  try {
    const body = (await answer.json()) as Partial<Problem>;
    if (typeof body.reason === 'string') {
      return { reason: body.reason, detail: String(body.detail ?? ''), terms: body.terms ?? {} };
    }
  } catch {
    // No JSON: the status is all that is known.
  }
  const reason = answer.status === 401 ? 'unauthenticated' : 'unavailable';
  return { reason, detail: `HTTP ${answer.status}` };
}

async function ask(
  method: string, path: string, body?: unknown, headers: Record<string, string> = {}, type = 'application/json',
): Promise<Response> {
  const init: RequestInit = {
    method,
    // What shows a token of its own goes without the seat's session.
    credentials: 'authorization' in headers ? 'omit' : 'same-origin',
    headers,
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  };
  if (body !== undefined) {
    init.body = type === 'application/json' && typeof body !== 'string' ? JSON.stringify(body) : String(body);
    init.headers = { ...headers, 'content-type': type };
  }
  let answer: Response;
  try {
    answer = await fetch(path, init);
  } catch (fault) {
    throw new Refused({ reason: 'unreachable', detail: String(fault) }, 0);
  }
  if (!answer.ok) throw new Refused(await problemOf(answer), answer.status);
  return answer;
}

export async function get<T>(path: string): Promise<T> {
  return (await (await ask('GET', path)).json()) as T;
}

export async function post<T>(path: string, body: unknown, headers?: Record<string, string>): Promise<T> {
  const answer = await ask('POST', path, body, headers);
  const text = await answer.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** A body that is written already, of a type of its own. */
export async function postAs<T>(path: string, type: string, body: string, headers: Record<string, string>): Promise<T> {
  return (await (await ask('POST', path, body, headers, type)).json()) as T;
}

export async function remove(path: string): Promise<void> {
  await ask('DELETE', path);
}
