// The wire, as the contract crate has it. Times are integer Unix milliseconds (`…_ms`), ids are
// text, levels are ids of the city's list (`nodata` and `none` included).

export interface CityView {
  name: string;
  name_en: string;
  languages: string[];
  offset_s: number;
  levels: LevelView[];
  center: [number, number];
  zoom: number;
  attribution: string;
  fictional: boolean;
  stations: StationView[];
  plans: PlanView[];
  hazards: HazardView[];
  zones_path: string;
  base_map_paths: string[];
}

export interface LevelView {
  id: string;
  name: string;
  name_en: string;
  color: string;
}

export interface StationView {
  id: string;
  name: string;
  name_en: string;
  agency: string;
  lon: number;
  lat: number;
  district?: string | null;
  township?: string | null;
  datum?: string | null;
  datastreams: DatastreamView[];
}

export interface DatastreamView {
  property: string;
  unit: string;
  name_zh: string;
  interval_s: number;
}

export interface StationState {
  ix: number;
  level: string;
  data: string;
  values: ValueView[];
}

export interface ValueView {
  property: string;
  t_ms: number;
  v: number;
  trust: string;
}

export interface ZoneView {
  id: string;
  level: string;
  risk?: number | null;
  covered: number;
  people: number;
  data_ms?: number | null;
  terms: RiskTerm[];
}

export interface RiskTerm {
  hazard: string;
  hazard_score: number;
  exposure: number;
  vulnerability: number;
  contribution: number;
  sources: string[];
  because: string[];
}

export interface AlertView {
  id: string;
  hazard: string;
  place: string;
  place_name: string;
  place_name_en: string;
  district?: string | null;
  level: string;
  peak: string;
  value?: number | null;
  property: string;
  unit: string;
  threshold?: number | null;
  mark?: string | null;
  window_s?: number | null;
  rule: string;
  raised_ms: number;
  changed_ms: number;
  cleared_ms?: number | null;
  trend: string;
  steps: number;
  amended?: string | null;
  acknowledged_by?: string | null;
  acknowledged_ms?: number | null;
  shelved_until_ms?: number | null;
  shelved_because?: string | null;
  incident?: string | null;
  status: string;
}

export interface IncidentView {
  id: string;
  title: string;
  alert: string;
  opened_by: string;
  opened_ms: number;
  closed_ms?: number | null;
  plans: string[];
  tasks: string[];
}

export interface TaskView {
  id: string;
  incident: string;
  text: string;
  measure?: string | null;
  unit?: string | null;
  state: string;
  history: TaskStep[];
  limit_min?: number | null;
  due_ms?: number | null;
  overdue: boolean;
  note?: string | null;
}

export interface TaskStep {
  state: string;
  at_ms: number;
  by: string;
}

export interface UnitView {
  id: string;
  name: string;
  name_en: string;
  kind: string;
  lon: number;
  lat: number;
  state: string;
  task?: string | null;
  heard_ms?: number | null;
  connected: boolean;
}

export interface HospitalView {
  id: string;
  name: string;
  name_en: string;
  lon: number;
  lat: number;
  beds: number;
  beds_occupied?: number | null;
  icu_beds: number;
  icu_occupied?: number | null;
  emergency_waiting?: number | null;
  traffic?: string | null;
  t_ms?: number | null;
}

export interface FeedView {
  id: string;
  agency: string;
  agency_name: string;
  agency_name_en: string;
  channel: string;
  data: string;
  heard_ms?: number | null;
  complete_ms?: number | null;
  accepted: number;
  duplicate: number;
  refused: number;
  stations: number;
  silent: number;
}

export interface SignalView {
  id: string;
  issuer: string;
  act: string;
  signal: string;
  color: string;
  areas: string[];
  t_ms: number;
  text: string;
}

export interface LogEntry {
  seq: number;
  at_ms: number;
  by: string;
  what: string;
  about: string;
  detail: string;
}

export interface PlanView {
  id: string;
  title: string;
  title_en: string;
  hazards: string[];
}

export interface HazardView {
  name: string;
  kind: string;
  source: string;
  about: string;
}

export interface SeriesView {
  station: string;
  property: string;
  unit: string;
  interval_s: number;
  points: [number, number | null][];
  thresholds: ThresholdView[];
}

export interface ThresholdView {
  hazard: string;
  level: string;
  at_least: number;
  window_s?: number | null;
  mark?: string | null;
  source: string;
}

export interface Decision {
  seq?: number;
  t: string;
  kind: string;
  hazard: string;
  place: string;
  level: string;
  was: string;
  value?: number;
  because: string[];
  rule: string;
  alert?: string;
}

export interface ExplanationView {
  alert: AlertView;
  decisions: Decision[];
  observations: ObservationView[];
  thresholds: ThresholdView[];
  recomputed?: RecomputedView | null;
}

export interface RecomputedView {
  value?: number | null;
  level: string;
  agrees: boolean;
}

export interface ObservationView {
  id: string;
  seq: number;
  t_ms: number;
  v: number;
  unit: string;
  trust: string;
}

export interface RejectionView {
  seq: number;
  agency: string;
  channel: string;
  source: string;
  received_ms: number;
  reason: string;
  detail: string;
  what_to_do: string;
  raw_base64: string;
  quarantined: boolean;
}

export interface SignIn {
  user: string;
  password: string;
  code?: string;
}

export interface SessionView {
  user: string;
  role: string;
  may: string[];
  expires_ms: number;
}

export interface Problem {
  reason: string;
  detail: string;
}
