import { asTandemError, TandemError } from '../../shared/errors.js';
import type { PlannedClient, PlanRound, RoundToPlan } from '../../shared/schedules.js';

/** What a user's function plans for a round, checked. Throws BAD_OPTION that says what is wrong with it. */
export function customPlan(plan: PlanRound, round: RoundToPlan): readonly PlannedClient[] {
  const fault = (what: string, action = 'mend the function that plans rounds') =>
    new TandemError('BAD_OPTION', `the schedule's plan '${plan.name}' ${what} for round ${round.round}`, action);
  let planned: unknown;
  try {
    planned = plan(round);
  } catch (error) {
    throw fault(`threw '${asTandemError(error).message}'`);
  }
  if (!Array.isArray(planned)) throw fault('returned no list', 'return a list of { client, steps }');
  const seen = new Set<number>();
  return planned.map((entry: unknown) => {
    const { client, steps } = Object(entry) as Partial<PlannedClient>;
    const known = round.clients.find((other) => other.client === client);
    if (client === undefined || !known)
      throw fault(`names client ${String(client)}, which has no steps left or is not there`);
    if (seen.has(client)) throw fault(`names client ${client} twice`);
    seen.add(client);
    if (steps !== undefined && Number.isSafeInteger(steps) && steps >= 1 && steps <= known.left)
      return { client, steps };
    throw fault(
      `gives client ${client} ${String(steps)} steps`,
      `give a whole number from 1 to the client's ${known.left} left`,
    );
  });
}
