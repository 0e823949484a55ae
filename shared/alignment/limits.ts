import { MAX_HEADER_BYTES, PREFIX_BYTES } from '../protocol/frame.js';
import { POINT_BYTES } from './points.js';

/** The most ids a party may have, unless the server says otherwise: what it keeps of each is a point. */
export const MAX_IDS = 1_000_000;

/** Bytes of a row number on the wire. */
export const POSITION_BYTES = 4;

/** Enough to hide the way of a message, little enough that heartbeats go on while a message is computed. */
const POINTS_PER_MESSAGE = 4096;

const OVERHEAD_BYTES = PREFIX_BYTES + MAX_HEADER_BYTES;

/** The size of message a server should allow, so that large tables do not go in small pieces. */
export const ALIGNING_MESSAGE_BYTES = OVERHEAD_BYTES + POINTS_PER_MESSAGE * POINT_BYTES;

/** How many points a message may hold so that it keeps within a run's limit. */
export function pointsPerMessage(maxMessageBytes: number): number {
  const room = Math.floor((maxMessageBytes - OVERHEAD_BYTES) / POINT_BYTES);
  return Math.max(1, Math.min(POINTS_PER_MESSAGE, room));
}

/** A `common` message holds as many bytes as one of points. */
export function positionsPerMessage(points: number): number {
  return (points * POINT_BYTES) / POSITION_BYTES;
}
