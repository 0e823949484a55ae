/**
 * A lint rule: where an error is caught and not looked at, one line says why that is right. It asks for a comment in a `catch` that
 * neither uses its error nor throws, and at a function without parameters that takes an error (of `.catch`, `.then`, or an `error` event) and does nothing
 * with it. The comment stands inside, on the same line or on the line before.
 */
export const explainDroppedErrors = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { unexplained: 'An error is dropped here: handle it, or say in one line why nobody has to know.' },
  },
  create(context) {
    const source = context.sourceCode;

    const isExplained = (node) => {
      if (source.getCommentsInside(node).length > 0) return true;
      const statement = statementAround(node);
      return source
        .getAllComments()
        .some(
          ({ loc }) =>
            loc.end.line === node.loc.start.line - 1 ||
            loc.start.line === node.loc.end.line ||
            loc.end.line === statement.loc.start.line - 1,
        );
    };

    const check = (node) => {
      if (!isExplained(node)) context.report({ node, messageId: 'unexplained' });
    };

    const checkTaker = (taker) => {
      const isFunction = taker?.type === 'ArrowFunctionExpression' || taker?.type === 'FunctionExpression';
      if (!isFunction || taker.params.length > 0) return;
      const text = source.getText(taker.body);
      // It throws another, or does something about it.
      if (/\bthrow\b|\w\(|\bnew\b/.test(text)) return;
      check(taker);
    };

    return {
      CatchClause(node) {
        const isUsed = node.param !== null && source.getDeclaredVariables(node).some((it) => it.references.length > 0);
        const throws = node.body.body.some(({ type }) => type === 'ThrowStatement');
        if (!isUsed && !throws) check(node);
      },
      CallExpression({ callee, arguments: given }) {
        if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return;
        const { name } = callee.property;
        if (name === 'catch') checkTaker(given[0]);
        if (name === 'then') checkTaker(given[1]);
        if (/^(on|once|addEventListener)$/.test(name) && given[0]?.value === 'error') checkTaker(given[1]);
      },
    };
  },
};

function statementAround(node) {
  for (let at = node; at; at = at.parent) if (/Statement$|Declaration$|PropertyDefinition$/.test(at.type)) return at;
  return node;
}
