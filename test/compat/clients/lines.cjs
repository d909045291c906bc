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
 * A record is written before its offset is committed, and a line that was written is there even when the process is killed
 * right after: hence writeSync, since process.stdout queues what its reader is too slow for.
 */
const { createHash } = require('node:crypto');
const { writeSync } = require('node:fs');

exports.options = JSON.parse(process.argv[2] ?? '{}');

const never = new Int32Array(new SharedArrayBuffer(4));

exports.write = (value) => {
  const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(1, bytes, written);
    } catch (reason) {
      if (reason.code !== 'EAGAIN') throw reason;
      Atomics.wait(never, 0, 0, 2);
    }
  }
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
