import ts from 'typescript';
import type { Mutation, MutationKind } from './mutation.ts';

const { SyntaxKind } = ts;

const swapped: ReadonlyMap<ts.SyntaxKind, readonly [MutationKind, string]> = new Map([
  [SyntaxKind.AmpersandAmpersandToken, ['swap', '||']],
  [SyntaxKind.BarBarToken, ['swap', '&&']],
  [SyntaxKind.LessThanToken, ['bound', '<=']],
  [SyntaxKind.LessThanEqualsToken, ['bound', '<']],
  [SyntaxKind.GreaterThanToken, ['bound', '>=']],
  [SyntaxKind.GreaterThanEqualsToken, ['bound', '>']],
  [SyntaxKind.EqualsEqualsEqualsToken, ['equal', '!==']],
  [SyntaxKind.ExclamationEqualsEqualsToken, ['equal', '===']],
]);

/**
 * All changes that are worth trying in a built file. Left out is what a first run of anything would tell: what constructors set
 * up, and what is done once as the file is loaded.
 */
export function candidates(file: string, text: string): Mutation[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const found: Mutation[] = [];
  const add = (kind: MutationKind, start: number, end: number, replacement: string): void =>
    void found.push({ file, kind, start, end, replacement });
  const change = (kind: MutationKind, node: ts.Node, replacement: string): void =>
    add(kind, node.getStart(), node.end, replacement);

  const visit = (node: ts.Node): void => {
    if (ts.isConstructorDeclaration(node)) {
      node.body?.statements.forEach(visitCallbacks);
      return;
    }
    const condition = conditionOf(node);
    if (condition !== undefined) change('negate', condition, `!(${condition.getText()})`);
    if (ts.isExpressionStatement(node)) change('drop', node, ';');
    if (ts.isBinaryExpression(node)) {
      const other = swapped.get(node.operatorToken.kind);
      if (other !== undefined) change(other[0], node.operatorToken, other[1]);
    }
    const body = bodyOf(node);
    const [first] = body?.statements ?? [];
    // One that is a single statement is dropped already.
    if (body !== undefined && first !== undefined && body.statements.length > 1 && !givesValue(body))
      add('return', first.getStart(), first.getStart(), 'return; ');
    ts.forEachChild(node, visit);
  };
  /** Of what a constructor sets up, what runs later. */
  const visitCallbacks = (node: ts.Node): void => {
    if (bodyOf(node) !== undefined) visit(node);
    else ts.forEachChild(node, visitCallbacks);
  };
  for (const statement of source.statements) if (!ts.isExpressionStatement(statement)) visit(statement);
  return found;
}

function conditionOf(node: ts.Node): ts.Expression | undefined {
  if (ts.isIfStatement(node) || ts.isWhileStatement(node)) return node.expression;
  if (ts.isConditionalExpression(node) || ts.isForStatement(node)) return node.condition;
  return undefined;
}

/** The statements of a function or method. */
function bodyOf(node: ts.Node): ts.Block | undefined {
  const isFunction =
    ts.isMethodDeclaration(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isArrowFunction(node) ||
    ts.isFunctionExpression(node);
  return isFunction && node.body !== undefined && ts.isBlock(node.body) ? node.body : undefined;
}

/** Whether it returns something somewhere: then nothing would be no value of its type. */
function givesValue(node: ts.Node): boolean {
  if (ts.isReturnStatement(node)) return node.expression !== undefined;
  if (ts.isFunctionLike(node)) return false;
  return ts.forEachChild(node, (child) => givesValue(child) || undefined) === true;
}
