/** What clients and server of a simulation speak over. */
export const transportNames = ['websocket', 'loopback'] as const;

export type TransportName = (typeof transportNames)[number];
