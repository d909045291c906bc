'use strict';
/**
 * What every client script here speaks. Its one argument is a JSON object; it writes JSON lines to standard output:
 *
 *   {"pid":N}                       the process to kill when this client is to die
 *   {"p":0,"o":5,"id":..,"k":..,"d":..,"h":[..]}   a record: partition, offset, what it is, key, digest of its value, headers
 *   {"assigned":[0,1]}              a member owns these partitions from now on
 *   {"committed":{"0":6}}           a commit has been acknowledged
 *   {"done":N}                      the end, with how many records
 *
 * A record is written before its offset is committed. Pipes are written synchronously, so a line that was written is
 * there even when the process is killed right after.
 */
const { createHash } = require('node:crypto');

exports.options = JSON.parse(process.argv[2] ?? '{}');

exports.write = (value) => {
  process.stdout.write(`${JSON.stringify(value)}\n`);
};

/** key, value: strings or null. A record names itself at the start of its value, or in its key when it has no value. */
exports.recordLine = (partition, offset, key, value, headers) => ({
  p: partition,
  o: Number(offset),
  id: value === null ? key : value.slice(0, value.indexOf('|')),
  k: key,
  d: value === null ? null : createHash('sha1').update(value).digest('hex').slice(0, 16),
  h: headers,
});
