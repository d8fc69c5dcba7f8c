// The wire, by the names the console uses. The shapes are generated from the contract crate.
import type { components } from './generated';

type Wire = components['schemas'];

export type AlertView = Wire['AlertView'];
export type CaseCodeView = Wire['CaseCodeView'];
export type CaseDayView = Wire['CaseDayView'];
export type CaseRow = Wire['CaseRow'];
export type CasesView = Wire['CasesView'];
export type CityView = Wire['CityView'];
export type CommandAnswer = Wire['CommandAnswer'];
export type EarthquakeView = Wire['EarthquakeView'];
export type ExplanationView = Wire['ExplanationView'];
export type FeedView = Wire['FeedView'];
export type ReplayRequest = Wire['ReplayRequest'];
export type ReplayManyRequest = Wire['ReplayManyRequest'];
export type ReplayManyAnswer = Wire['ReplayManyAnswer'];
export type ReplayAnswer = Wire['ReplayAnswer'];
export type IngestAnswer = Wire['IngestAnswer'];
export type HourView = Wire['HourView'];
export type FeedHealthView = Wire['FeedHealthView'];
export type DoorView = Wire['DoorView'];
export type DatastreamHealthView = Wire['DatastreamHealthView'];
export type CorrectionView = Wire['CorrectionView'];
export type CredentialView = Wire['CredentialView'];
export type CredentialRequest = Wire['CredentialRequest'];
export type CredentialIssued = Wire['CredentialIssued'];
export type ClockView = Wire['ClockView'];
export type AgencyHealthView = Wire['AgencyHealthView'];
export type CatalogueView = Wire['CatalogueView'];
export type ShareView = Wire['ShareView'];
export type ExchangeView = Wire['ExchangeView'];
export type ExchangeLine = Wire['ExchangeLine'];
export type HazardView = Wire['HazardView'];
export type FigureView = Wire['FigureView'];
export type HospitalView = Wire['HospitalView'];
export type IncidentView = Wire['IncidentView'];
export type LevelView = Wire['LevelView'];
export type LogEntry = Wire['LogEntry'];
export type Notice = Wire['Notice'];
export type RecordView = Wire['RecordView'];
export type NearCameraView = Wire['NearCameraView'];
export type ObservationView = Wire['ObservationView'];
export type PlanView = Wire['PlanView'];
export type Problem = Wire['Problem'];
export type RejectionView = Wire['RejectionView'];
export type RuleView = Wire['RuleView'];
export type RiskTerm = Wire['RiskTerm'];
export type SeriesView = Wire['SeriesView'];
export type SessionView = Wire['SessionView'];
export type SetUp = Wire['SetUp'];
export type SignIn = Wire['SignIn'];
export type SignalView = Wire['SignalView'];
export type FactView = Wire['FactView'];
export type SituationDetail = Wire['SituationDetail'];
export type SituationView = Wire['SituationView'];
export type ForecastView = Wire['ForecastView'];
export type ShapeView = Wire['ShapeView'];
export type StartView = Wire['StartView'];
export type TelemetryStation = Wire['TelemetryStation'];
export type StationState = Wire['StationState'];
export type StationView = Wire['StationView'];
export type TaskView = Wire['TaskView'];
export type ThresholdView = Wire['ThresholdView'];
export type TrackPointView = Wire['TrackPointView'];
export type TrackView = Wire['TrackView'];
export type UnitView = Wire['UnitView'];
export type InsteadView = Wire['InsteadView'];
export type ValueView = Wire['ValueView'];
export type WarningView = Wire['WarningView'];
export type WarningInfoView = Wire['WarningInfoView'];
export type ZoneView = Wire['ZoneView'];
export type Change = Wire['Change'];
export type ServerMessage = Wire['ServerMessage'];
export type PictureView = Wire['Picture'];
export type Hello = Wire['ClientMessage'];
export type Snapshot = Extract<ServerMessage, { type: 'snapshot' }>;

/** A line of the decision log, as it stands in an explanation. */
export interface Decision {
  t: string;
  kind: string;
  level: string;
  was: string;
  value?: number;
  because: string[];
  rule: string;
}

/** What the desk can be asked (`CommandRequest`'s `command`); times are Unix milliseconds. */
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
  | { do: 'close_incident'; incident: string; note: string }
  | { do: 'correct'; station: string; property: string; act: 'unreliable' | { offset: number } | { value: number }; from: number; until?: number; reason: string }
  | { do: 'end_correction' | 'withdraw_correction'; correction: number; reason: string }
  | { do: 'verify'; situation: string; verdict: 'confirmed' | 'untrue' | 'false_alarm' | 'test'; reason: string }
  | { do: 'merge'; situation: string; into: string; reason?: string }
  | { do: 'keep_apart'; situation: string; from: string; reason: string }
  | { do: 'split'; situation: string; reason: string }
  | { do: 'assign'; situation: string; department: string; text: string; due?: number }
  | { do: 'conclude'; situation: string; text: string }
  | { do: 'feed_back'; situation: string; text: string };

export interface CommandRequest {
  id: string;
  command: Command;
}
