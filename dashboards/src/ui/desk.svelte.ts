// What the officer asks of the desk. A command is sent at once or refused with the reason; nothing is
// queued. Every `whyNot…` gives the reason a button is disabled, or null when it is not.
import type { Command, CommandAnswer } from '../contract/types';
import type { AlertView, IncidentView, SessionView } from '../contract/types';
import * as platform from '../api/platform';
import { connection } from '../live/connection.svelte';
import { isShelved } from '../picture/order';
import { picture } from '../picture/picture.svelte';
import { clock } from '../time/clock.svelte';
import { t, w } from './settings.svelte';
import { spoken } from './spoken';

class Desk {
  who = $state.raw<SessionView | null>(null);
  /** What is being sent, by what it is about (alert, task, incident id). */
  pending = $state.raw<ReadonlySet<string>>(new Set());
  /** Why the last command about something failed. */
  failed = $state.raw<ReadonlyMap<string, string>>(new Map());

  /** A feed's own person: sees its feeds, and no duty list. */
  get isAgency(): boolean {
    return this.who?.role === 'agency';
  }

  may(right: string): boolean {
    return this.who?.may.includes(right) ?? false;
  }

  /** Sends a command about `about`; true when the platform did it. */
  async send(about: string, command: Command): Promise<boolean> {
    return (await this.ask(about, command)) !== null;
  }

  /** The same, with what the platform answered; null when it did not do it. */
  async ask(about: string, command: Command): Promise<CommandAnswer | null> {
    if (this.pending.has(about)) return null;
    const closed = this.whyNotNow();
    if (closed !== null) {
      this.fail(about, closed);
      return null;
    }
    this.pending = new Set([...this.pending, about]);
    this.fail(about, null);
    try {
      return await platform.send(command);
    } catch (fault) {
      this.fail(about, spoken(fault));
      return null;
    } finally {
      const rest = new Set(this.pending);
      rest.delete(about);
      this.pending = rest;
    }
  }

  fail(about: string, why: string | null): void {
    const next = new Map(this.failed);
    if (why === null) next.delete(about);
    else next.set(about, why);
    this.failed = next;
  }

  whyNotNow(): string | null {
    return connection.up ? null : t('why.link');
  }

  whyNotRight(right: string): string | null {
    const now = this.whyNotNow();
    if (now !== null) return now;
    return this.may(right) ? null : t('why.right', { role: w('role', this.who?.role ?? '') });
  }

  whyNotAcknowledge(a: AlertView | undefined): string | null {
    if (a === undefined) return t('why.noalert');
    if (a.acknowledged_ms != null) return t('why.signed', { who: a.acknowledged_by ?? '' });
    return this.whyNotRight('acknowledge');
  }

  /** For what depends on nothing but the right to do it. */
  whyNot(right: string): string | null {
    return this.whyNotRight(right);
  }

  whyNotShelve(a: AlertView | undefined): string | null {
    if (a === undefined) return t('why.noalert');
    if (isShelved(a, clock.second)) return t('why.shelved');
    if (a.cleared_ms != null) return t('why.cleared');
    const shelving = this.whyNotRight('shelve');
    if (shelving !== null) return shelving;
    const worst = picture.levels.worstFirst[0]?.id;
    return a.level === worst && !this.may('shelve_red') ? t('why.redshelve') : null;
  }

  whyNotIncident(a: AlertView | undefined): string | null {
    if (a === undefined) return t('why.noalert');
    if (a.incident != null) return null; // Then the key goes to it.
    return this.whyNotRight('open_incident');
  }

  whyNotDispatch(i: IncidentView | undefined): string | null {
    if (i === undefined) return t('why.noincident');
    if (i.closed_ms != null) return t('why.closed');
    return this.whyNotRight('dispatch');
  }

  whyNotPlan(i: IncidentView | undefined): string | null {
    if (i === undefined) return t('why.noincident');
    if (i.closed_ms != null) return t('why.closed');
    return this.whyNotRight('start_plan');
  }

  whyNotClose(i: IncidentView | undefined): string | null {
    if (i === undefined) return t('why.noincident');
    if (i.closed_ms != null) return t('why.closed');
    const open = openTasks(i);
    if (open > 0) return t('why.tasksopen', { n: open });
    return this.whyNotRight('close_incident');
  }

  acknowledge(a: AlertView): Promise<boolean> {
    return this.send(a.id, { do: 'acknowledge', alert: a.id });
  }
}

const FINISHED = new Set(['done', 'cancelled', 'refused', 'proposed']);

function openTasks(i: IncidentView): number {
  let n = 0;
  for (const task of picture.rows.tasks.values()) {
    if (task.incident === i.id && !FINISHED.has(task.state)) n += 1;
  }
  return n;
}

export const desk = new Desk();
