/** Turns the logger's JSON lines into lines for people, in Kafka's order: time, level, message, fields, logger. */
import { createColors } from 'picocolors';

const COLOURS = { trace: 'gray', debug: 'gray', info: 'green', warn: 'yellow', error: 'red', fatal: 'red' } as const;
const PLAIN = createColors(false);
const COLOURED = createColors(true);

/** `[2026-11-24 07:39:12,345] INFO message key=value (kafka.server)`; a line that is no JSON stays as it is. */
export function textLine(json: string, colours: boolean): string {
  const line = parsed(json);
  if (line === null) return json;
  const { time, level, msg, logger, ...fields } = line;
  const paint = colours ? COLOURED : PLAIN;
  const label = String(level);
  const painted = paint[label in COLOURS ? COLOURS[label as keyof typeof COLOURS] : 'reset'](
    label.toUpperCase().padEnd(5),
  );
  const said = Object.entries(fields).map(([key, value]) => ` ${paint.dim(`${key}=${fieldText(value)}`)}`);
  const who = logger === undefined ? '' : paint.dim(` (${String(logger)})`);
  return `${paint.dim(`[${timeText(Number(time))}]`)} ${painted} ${oneLine(String(msg))}${said.join('')}${who}\n`;
}

function parsed(json: string): Record<string, unknown> | null {
  try {
    return JSON.parse(json) as Record<string, unknown>;
  } catch {
    // Not ours to lose: whatever it is, it is shown.
    return null;
  }
}

/** Local time, as Kafka's own layout has it. */
function timeText(ms: number): string {
  const date = new Date(ms);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${time},${String(date.getMilliseconds()).padStart(3, '0')}`;
}

function fieldText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}

/** A name that a client sends must not forge a line of its own. */
function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f]/g, (control) => JSON.stringify(control).slice(1, -1));
}
