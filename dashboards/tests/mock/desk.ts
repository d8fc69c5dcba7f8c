// The mock's desk: does what a command asks to the rows, and tells everybody, as the contract says.
import type { Change, Command } from '../../src/contract/types';
import type { AlertView, ExplanationView, RejectionView, RuleView, TaskView } from '../../src/contract/types';
import { measures } from './city';
import { MockCorrections } from './corrections';
import type { MockPlatform } from './platform';

type Refusal = [reason: string, detail: string, terms?: Record<string, string>] | null;

export class MockDesk {
  private readonly platform: MockPlatform;
  private made = 100;
  readonly corrections = new MockCorrections();

  constructor(platform: MockPlatform) {
    this.platform = platform;
  }

  private log(what: string, about: string, detail = ''): Change {
    this.made += 1;
    return { kind: 'log', row: { seq: 5000 + this.made, at_ms: Date.now(), by: this.platform.who().user, what, about, detail } };
  }

  act(command: Command): Refusal {
    const p = this.platform;
    const now = Date.now();
    const alert = 'alert' in command ? p.alert(command.alert) : undefined;
    if ('alert' in command && alert === undefined) return ['unknown_alert', `there is no alert ${command.alert}`, { alert: command.alert }];
    const change = (row: Partial<AlertView>, ...more: Change[]): null => {
      p.push([{ kind: 'alert', row: { ...(alert as AlertView), ...row } }, ...more]);
      return null;
    };
    switch (command.do) {
      case 'acknowledge':
        if (alert?.acknowledged_ms != null) {
          const by = alert.acknowledged_by ?? '';
          return ['already_acknowledged', `acknowledged by ${by} at 2026-09-11T22:00:00Z`, { by, at_ms: String(alert.acknowledged_ms) }];
        }
        return change({ acknowledged_by: p.who().user, acknowledged_ms: now }, this.log('acknowledged', command.alert, alert?.level));
      case 'take_back_acknowledgement':
        return change({ acknowledged_by: null, acknowledged_ms: null }, this.log('acknowledgement_taken_back', command.alert, command.reason));
      case 'shelve':
        return change({ shelved_until_ms: command.until, shelved_because: `${p.who().user}:${command.reason}` }, this.log('shelved', command.alert, `${command.until} ${command.reason}`));
      case 'unshelve':
        return change({ shelved_until_ms: null, shelved_because: null }, this.log('unshelved', command.alert));
      case 'open_incident': {
        if (alert?.incident != null) return ['incident_exists', `the alert belongs to incident ${alert.incident}`, { incident: alert.incident }];
        this.made += 1;
        const id = `I-${this.made}`;
        return change({ incident: id },
          { kind: 'incident', row: { id, title: command.title, alert: command.alert, opened_by: p.who().user, opened_ms: now, plans: [], tasks: [] } },
          this.log('incident_opened', id, command.title));
      }
      case 'start_plan': {
        const incident = p.picture.incidents.find((i) => i.id === command.incident);
        if (incident === undefined) return ['unknown_incident', command.incident];
        const rows = measures(command.plan).slice(0, 3).map((m): TaskView => {
          this.made += 1;
          return { id: `T-${this.made}`, incident: incident.id, text: m['text'] ?? '', measure: m['clause'] ?? null, state: 'proposed', history: [{ state: 'proposed', at_ms: now, by: p.who().user }], limit_min: Number(m['limit_min']), overdue: false };
        });
        p.push([
          { kind: 'incident', row: { ...incident, plans: [...incident.plans, command.plan], tasks: [...incident.tasks, ...rows.map((t) => t.id)] } },
          ...rows.map((row): Change => ({ kind: 'task', row })), this.log('plan_started', incident.id, command.plan),
        ]);
        return null;
      }
      case 'dispatch': {
        const old = p.picture.tasks.find((t) => t.id === command.task);
        const unit = p.picture.units.find((u) => u.id === command.unit);
        if (unit === undefined) return ['unknown_unit', command.unit];
        if (unit.state !== 'idle') return ['unit_busy', `${unit.id} has task ${unit.task}`, { unit: unit.id, task: unit.task ?? '' }];
        this.made += 1;
        const id = old?.id ?? `T-${this.made}`;
        const row: TaskView = {
          id, incident: command.incident, text: command.text, measure: old?.measure ?? null, unit: command.unit, state: 'sent',
          history: [...(old?.history ?? []), { state: 'sent', at_ms: now, by: p.who().user }], due_ms: command.due, overdue: false,
        };
        p.push([{ kind: 'task', row }, { kind: 'unit', row: { ...unit, state: 'assigned', task: id } }, this.log('task_sent', id, command.unit)]);
        return null;
      }
      case 'note_incident':
        p.push([this.log('incident_noted', command.incident, command.note)]);
        return null;
      case 'cancel_task': {
        const task = p.picture.tasks.find((t) => t.id === command.task);
        if (task === undefined) return ['unknown_task', command.task];
        p.push([{ kind: 'task', row: { ...task, state: 'cancelled', note: command.reason } }, this.log('task_cancelled', command.task, command.reason)]);
        return null;
      }
      case 'close_incident': {
        const incident = p.picture.incidents.find((i) => i.id === command.incident);
        if (incident === undefined) return ['unknown_incident', command.incident];
        p.push([{ kind: 'incident', row: { ...incident, closed_ms: now } }, this.log('incident_closed', incident.id, command.note)]);
        return null;
      }
      case 'correct': {
        const row = this.corrections.add(command, p.who().user, now);
        p.push([this.log('corrected', row.station, row.reason)]);
        return null;
      }
      case 'end_correction': {
        const row = this.corrections.end(command.correction, now);
        if (row === null) return ['not_found', String(command.correction)];
        p.push([this.log('correction_ended', row.station, command.reason)]);
        return null;
      }
      case 'withdraw_correction': {
        const row = this.corrections.withdraw(command.correction, now);
        if (row === null) return ['unknown_correction', String(command.correction)];
        p.push([this.log('correction_withdrawn', row.station, command.reason)]);
        return null;
      }
      default:
        return ['invalid', `the mock does not ${command.do}`];
    }
  }

  explain(id: string): ExplanationView | null {
    const alert = this.platform.alert(id);
    if (alert === undefined) return null;
    const t = (ms: number): string => new Date(ms).toISOString();
    const n = alert.hazard === 'feed' ? 0 : alert.window_s == null ? 1 : 18;
    const observations = Array.from({ length: n }, (_, at) => {
      const t_ms = alert.changed_ms - (n - 1 - at) * 300_000;
      const v = Math.round(((alert.value ?? 0) / n) * 100) / 100;
      return { id: `${alert.place}:${alert.property}:${t_ms}:a${at}`, seq: 4000 + at, t_ms, v, unit: alert.unit, trust: 'reliable', origin: 'original' };
    });
    return {
      alert, observations,
      decisions: [
        { t: t(alert.raised_ms), kind: 'alert.raised', hazard: alert.hazard, place: alert.place, level: alert.level, was: 'none', because: [], rule: alert.rule, ...(alert.value == null ? {} : { value: alert.value }) },
        { t: t(alert.changed_ms), kind: 'assessment.final', hazard: alert.hazard, place: alert.place, level: alert.level, was: alert.level, because: [], rule: alert.rule, ...(alert.value == null ? {} : { value: alert.value }) },
      ],
      thresholds: this.platform.city.thresholds.filter((th) => th.hazard === alert.hazard && th.property === alert.property && (th.station === null || th.station === alert.place)),
      ...(rule(alert) === null ? {} : { rule: rule(alert) }),
      recomputed: alert.value == null ? null : { value: alert.value, level: alert.level, agrees: true },
    };
  }

  rejections(): RejectionView[] {
    const raw = Buffer.from('{"station":"JM-0204","property":"water_level","t":"2026-09-12T22:05:00+08:00","v":3.21}').toString('base64');
    const kept = (at: number, agency: string, reason: string, detail: string, what_to_do: string, body = raw): RejectionView => ({
      seq: 9100 - at, agency, channel: 'mqtt', source: `fh/v1/${agency}/obs`, received_ms: Date.now() - at * 100_000, reason, detail, what_to_do,
      raw_base64: body, quarantined: reason === 'future_dated', cut: false, state: 'open',
    });
    return [
      kept(4, 'hydrology', 'future_dated', '2026-09-12T22:05:00+08:00 is 82800000 ms ahead of now, 2026-09-11T23:05:00+08:00', 'set the clock of the station or gateway'),
      kept(5, 'hydrology', 'out_of_range', '99999 m is outside -50 to 9000 m', 'check unit and instrument; the registered range is in the registry'),
      kept(6, 'hydrology', 'unknown_property', 'station JM-0204 has no rainfall; it has water_level, discharge', 'have the datastream registered, or correct the property'),
      kept(7, 'drainage', 'foreign_station', "station JM-0204 is not this agency's", 'an agency reports for its own stations only'),
      kept(8, 'drainage', 'unit', '"feet" is no unit of ponding_depth, which is in cm', 'send the UCUM unit of the property, or leave it out'),
      kept(9, 'drainage', 'unknown_field', 'field "depth" does not exist', 'remove or correct the named field', Buffer.from('{"station":"JM-0301","depth":12}').toString('base64')),
      kept(10, 'drainage', 'syntax', 'the text is no UTF-8', 'send one JSON object, an array of them, or one object a line, in UTF-8'),
      kept(11, 'drainage', 'rate_limited', "more than the agency's rate; again in 1 s", 'slow down; Retry-After says how long'),
    ];
  }
}

/** The rule in its parts, as the platform reads it back. */
function rule(alert: AlertView): RuleView | null {
  if (alert.hazard === 'feed' || alert.threshold == null) return null;
  return {
    hazard: alert.hazard, number: 2, statistic: alert.window_s == null ? 'latest' : 'sum', property: alert.property, window_s: alert.window_s ?? null,
    comparison: 'at_least', threshold: alert.threshold, unit: alert.unit, level: alert.level, mark: alert.mark ?? null, source: 'city policy (虚构)',
  };
}
