// What the console asks of the platform, one function a resource.
import type { Command, CommandAnswer, CommandRequest } from '../contract/types';
import type {
  CityView, ExplanationView, RejectionView, SeriesView, SessionView, SignIn,
} from '../contract/types';
import { get, post, remove } from './http';

export const session = (): Promise<SessionView> => get('/v1/session');
export const signIn = (who: SignIn): Promise<SessionView> => post('/v1/session', who);
export const signOut = (): Promise<void> => remove('/v1/session');

/** The first administrator, by the one-time code that the first start prints. */
export const setUp = (code: string, user: string, password: string): Promise<unknown> =>
  post('/v1/setup', { code, user, password });

export const city = (): Promise<CityView> => get('/v1/city');
export const geojson = (path: string): Promise<unknown> => get(path);

export function series(
  station: string, property: string, from: number, to: number, points: number,
): Promise<SeriesView> {
  const query = new URLSearchParams({
    property, from: String(Math.round(from)), to: String(Math.round(to)), points: String(points),
  });
  return get(`/v1/stations/${encodeURIComponent(station)}/series?${query}`);
}

export const explanation = (alert: string): Promise<ExplanationView> =>
  get(`/v1/alerts/${encodeURIComponent(alert)}/explanation`);

export const rejections = (): Promise<RejectionView[]> => get('/v1/rejections');

/** An id of the sender's own: a command sent twice acts once. `randomUUID` needs https, this does not. */
export function commandId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `c-${Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')}`;
}

export function send(command: Command): Promise<CommandAnswer> {
  const request: CommandRequest = { id: commandId(), command };
  return post('/v1/commands', request);
}
