// What the console asks of the platform, one function a resource.
import type { Command, CommandAnswer, CommandRequest } from '../contract/types';
import type {
  AgencyHealthView, CasesView, CatalogueView, CityView, ClockView, CorrectionView, CredentialIssued, CredentialRequest, CredentialView, DatastreamHealthView,
  ExchangeView, ExplanationView, ForecastView, HospitalView, IngestAnswer, NearCameraView, RejectionView, ReplayAnswer, ReplayManyAnswer, ReplayManyRequest,
  ReplayRequest, SeriesView, SessionView, SignIn, SituationDetail, SituationView, StartView,
} from '../contract/types';
import { get, post, postAs, remove } from './http';

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

/** Corrections of datastreams: those that hold, and those that ended lately. */
export const corrections = (): Promise<CorrectionView[]> => get('/v1/corrections');

/** Counts of cases since a day, newest first; the sums by day are of all of them, whatever the limit. */
export function cases(asked: { from: string; syndrome?: string; limit?: number }): Promise<CasesView> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) query.set(name, String(value));
  return get(`/v1/cases?${query}`);
}

/** A hospital with every figure it has said. */
export const hospital = (id: string): Promise<HospitalView> => get(`/v1/hospitals/${encodeURIComponent(id)}`);

/** The cameras nearest to an alert. */
export const camerasNear = (alert: string): Promise<NearCameraView[]> =>
  get(`/v1/alerts/${encodeURIComponent(alert)}/cameras`);

export const forecasts = (station: string): Promise<ForecastView[]> =>
  get(`/v1/stations/${encodeURIComponent(station)}/forecasts`);

export const explanation = (alert: string): Promise<ExplanationView> =>
  get(`/v1/alerts/${encodeURIComponent(alert)}/explanation`);

/** Which refusals are asked for; what is left out does not matter. */
export interface Sought {
  agency?: string;
  channel?: string;
  reason?: string;
  source?: string;
  state?: string;
}

export function rejections(sought: Sought, limit: number): Promise<RejectionView[]> {
  const query = new URLSearchParams({ limit: String(limit) });
  for (const [name, value] of Object.entries(sought)) if (value !== undefined && value !== '') query.set(name, String(value));
  return get(`/v1/rejections?${query}`);
}

export const replay = (seq: number, mended: ReplayRequest): Promise<ReplayAnswer> =>
  post(`/v1/rejections/${seq}/replay`, mended);
export const replayMany = (asked: ReplayManyRequest): Promise<ReplayManyAnswer> =>
  post('/v1/rejections/replay', asked);
export const dismiss = (seq: number, note: string): Promise<ReplayAnswer> =>
  post(`/v1/rejections/${seq}/dismiss`, { note });

export const feedHealth = (): Promise<AgencyHealthView[]> => get('/v1/feeds/health');
export const datastreams = (agency: string): Promise<DatastreamHealthView[]> =>
  get(`/v1/feeds/datastreams?agency=${encodeURIComponent(agency)}`);
export const start = (agency: string): Promise<StartView> => get(`/v1/feeds/start?agency=${encodeURIComponent(agency)}`);
export const catalogue = (): Promise<CatalogueView[]> => get('/v1/catalogue');
export const exchange = (): Promise<ExchangeView> => get('/v1/exchange');
export const platformClock = (): Promise<ClockView> => get('/v1/clock');

const keysOf = (agency: string): string => `/v1/agencies/${encodeURIComponent(agency)}/credentials`;
export const credentials = (agency: string): Promise<CredentialView[]> => get(keysOf(agency));
export const issue = (agency: string, wanted: CredentialRequest): Promise<CredentialIssued> =>
  post(keysOf(agency), wanted);
export const rotate = (agency: string, id: string): Promise<CredentialIssued> =>
  post(`${keysOf(agency)}/${encodeURIComponent(id)}/rotate`, {});
export const revoke = (agency: string, id: string): Promise<void> =>
  remove(`${keysOf(agency)}/${encodeURIComponent(id)}`);

/** What would become of a body, sent as its agency sends it: by its secret, and dry. */
export const foresee = (secret: string, post: { path: string; type: string; body: string }): Promise<IngestAnswer> =>
  postAs(`${post.path}${post.path.includes('?') ? '&' : '?'}dry_run=true`, post.type, post.body, { authorization: `Bearer ${secret}` });
/** What agencies reported, of one kind or of all. */
export const situations = (kind: string | null): Promise<SituationView[]> =>
  get(kind === null ? '/v1/situations' : `/v1/situations?kind=${encodeURIComponent(kind)}`);
export const situation = (id: string): Promise<SituationDetail> =>
  get(`/v1/situations/${encodeURIComponent(id)}`);

/** An id of the sender's own: a command sent twice acts once. `randomUUID` needs https, this does not. */
export function commandId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `c-${Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')}`;
}

export function send(command: Command): Promise<CommandAnswer> {
  const request: CommandRequest = { id: commandId(), command };
  return post('/v1/commands', request);
}
