// The live connection and the commands, as the contract crate has them.
import type {
  AlertView, FeedView, HospitalView, IncidentView, LogEntry, SignalView, StationState, TaskView,
  UnitView, ZoneView,
} from './types';

export interface Hello {
  type: 'hello';
  epoch?: string;
  last: number;
}

export interface Notice {
  id: string;
  severity: string;
  detail: string;
  since_ms: number;
}

export interface PictureView {
  alerts: AlertView[];
  zones: ZoneView[];
  stations: StationState[];
  incidents: IncidentView[];
  tasks: TaskView[];
  units: UnitView[];
  hospitals: HospitalView[];
  feeds: FeedView[];
  signals: SignalView[];
  log: LogEntry[];
  notices: Notice[];
}

export type Change =
  | { kind: 'alert'; row: AlertView }
  | { kind: 'alert_gone'; row: string }
  | { kind: 'zone'; row: ZoneView }
  | { kind: 'incident'; row: IncidentView }
  | { kind: 'task'; row: TaskView }
  | { kind: 'unit'; row: UnitView }
  | { kind: 'hospital'; row: HospitalView }
  | { kind: 'feed'; row: FeedView }
  | { kind: 'signal'; row: SignalView }
  | { kind: 'signal_gone'; row: string }
  | { kind: 'log'; row: LogEntry }
  | { kind: 'notice'; row: Notice }
  | { kind: 'notice_gone'; row: string };

export interface Snapshot {
  type: 'snapshot';
  epoch: string;
  seq: number;
  now_ms: number;
  clock: string;
  status: string;
  picture: PictureView;
}

export type ServerMessage =
  | { type: 'resumed'; epoch: string; missed: number }
  | Snapshot
  | { type: 'delta'; seq: number; changes: Change[] }
  | { type: 'beat'; seq: number; now_ms: number; heard_ms?: number | null }
  | { type: 'values'; stations: StationState[] };

/** What the desk can be asked; times are Unix milliseconds. */
export type Command =
  | { do: 'acknowledge'; alert: string; note?: string }
  | { do: 'take_back_acknowledgement'; alert: string; reason: string }
  | { do: 'shelve'; alert: string; until: number; reason: string }
  | { do: 'unshelve'; alert: string }
  | { do: 'open_incident'; alert: string; title: string }
  | { do: 'note_incident'; incident: string; note: string }
  | { do: 'start_plan'; incident: string; plan: string }
  | { do: 'dispatch'; incident: string; task?: string; text: string; unit: string; due: number }
  | { do: 'cancel_task'; task: string; reason: string }
  | { do: 'close_incident'; incident: string; note: string };

export interface CommandRequest {
  id: string;
  command: Command;
}

export interface CommandAnswer {
  events: LogEntry[];
}
