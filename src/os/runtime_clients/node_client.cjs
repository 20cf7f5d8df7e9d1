// The loop of a Lambda function in JavaScript, run as `node node_client.cjs <handler>` in the function's directory. It
// speaks the Lambda Runtime API over one kept connection and behaves as AWS's own client does: resolution of the
// handler (CommonJS and ES modules), promises and callbacks, error documents, the context object, the form of console.
'use strict';
const fs = require('fs');
const net = require('net');
const path = require('path');
const url = require('url');
const util = require('util');

const TASK_ROOT = process.env.LAMBDA_TASK_ROOT || process.cwd();
const SHOWN_ROOT = '/var/task';
const PREFIX = '/2018-06-01/runtime/';
const [HOST, PORT] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
let requestId = '';

class Fault extends Error {
  constructor(type, message) {
    super(message);
    Object.defineProperty(this, 'name', { value: type });  // not among what the log shows of it
  }
}

// One exchange at a time over one kept connection. Node's own HTTP client takes longer for each than most functions do.
// While nothing is asked, the connection does not keep the process alive: run() waits for nothing to be left.
class Connection {
  constructor() {
    this.pieces = [];
    this.socket = net.connect({ host: HOST, port: Number(PORT) });
    this.socket.setNoDelay(true);
    this.socket.on('data', (piece) => this.take(piece));
    this.socket.on('error', (error) => this.fail(error));
    this.socket.on('close', () => this.fail(new Error('the service has closed the connection')));
  }

  exchange(method, suffix, body, headers) {
    return new Promise((resolve, reject) => {
      if (this.broken) return reject(this.broken);
      this.waiting = { resolve, reject };
      let head = `${method} ${PREFIX}${suffix} HTTP/1.1\r\nHost: ${process.env.AWS_LAMBDA_RUNTIME_API}\r\n`;
      for (const [name, value] of Object.entries(headers || {})) head += `${name}: ${value}\r\n`;
      this.socket.ref();
      this.socket.cork();
      this.socket.write(head + '\r\n', 'latin1');
      if (body) this.socket.write(body);
      this.socket.uncork();
    });
  }

  take(piece) {
    this.pieces.push(piece);
    if (!this.answer && !this.readHead()) return;
    if (this.pieces.reduce((size, each) => size + each.length, 0) < this.answer.length) return;
    const answer = { ...this.answer, body: Buffer.concat(this.pieces) };
    const { resolve } = this.waiting;
    if (/^close$/i.test(answer.headers.connection)) {
      this.broken = new Error('the service has closed the connection');
      this.socket.destroy();
    }
    this.pieces = [];
    this.answer = this.waiting = undefined;
    this.socket.unref();
    resolve(answer);
  }

  readHead() {
    const bytes = Buffer.concat(this.pieces);
    const end = bytes.indexOf('\r\n\r\n');
    this.pieces = [end < 0 ? bytes : bytes.subarray(end + 4)];
    if (end < 0) return false;
    const [first, ...lines] = bytes.toString('utf8', 0, end).split('\r\n');
    const headers = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    this.answer = { status: Number(first.split(' ')[1]), headers, length: Number(headers['content-length'] || 0) };
    return true;
  }

  fail(error) {
    this.broken = error;
    if (this.waiting) this.waiting.reject(error);
  }
}

let connection;

function exchange(method, suffix, body, headers) {
  if (!connection || connection.broken) connection = new Connection();
  return connection.exchange(method, suffix, body, headers);
}

function post(suffix, text, headers = {}) {
  const body = Buffer.from(text);
  const standard = { 'Content-Type': 'application/json', 'Content-Length': body.length };
  return exchange('POST', suffix, body, { ...standard, ...headers });
}

const isGiven = (value) => value !== undefined && value !== null;
const shown = (text) => text.split(TASK_ROOT).join(SHOWN_ROOT);
const shownTrace = (stack) => shown(stack).split('\n').filter((line) => !line.includes(__filename));

function isError(value) {
  return util.types.isNativeError(value) ||
    (value && ['name', 'message', 'stack'].every((key) => value[key] && typeof value[key] === 'string'));
}

// Some of the messages that Node and this loop make name files; those of the function stay as they are.
function shownMessage(error) {
  return error instanceof Fault || error.code === 'ERR_MODULE_NOT_FOUND' ? shown(error.message) : error.message;
}

function errorDocument(error) {
  try {
    if (!isError(error)) return { errorType: typeof error, errorMessage: error.toString(), trace: [] };
    return { errorType: error.name, errorMessage: shownMessage(error), trace: shownTrace(error.stack) };
  } catch (problem) {
    return {
      errorType: 'handled',
      errorMessage: 'callback called with Error argument, but there was a problem while retrieving one or more of ' +
        'its message, name, and stack',
    };
  }
}

// What the log says of it, which is more: the properties of the error, and of those inside it.
function errorText(error) {
  const withProperties = (value) => {
    if (!(value instanceof Error)) return value;
    const out = { errorType: value.name, errorMessage: shownMessage(value), code: value.code, ...value };
    if (typeof value.stack === 'string') out.stack = shownTrace(value.stack);
    return out;
  };
  try {
    return JSON.stringify(error, (key, value) => withProperties(value));
  } catch (problem) {
    return JSON.stringify(errorDocument(error));
  }
}

function postError(suffix, error) {
  const document = errorDocument(error);
  const type = String(document.errorType).replace(/[^\x20-\x7e]/g, '?');
  return post(suffix, JSON.stringify(document), { 'Lambda-Runtime-Function-Error-Type': type });
}

const JSON_LOG = /^json$/i.test(process.env.AWS_LAMBDA_LOG_FORMAT || '');
const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
const LEAST = LEVELS.indexOf((process.env.AWS_LAMBDA_LOG_LEVEL || '').toUpperCase());

function write(level, text) {
  process.stdout.write(`${new Date().toISOString()}\t${requestId || 'undefined'}\t${level}\t${text}\n`);
}

// An error as the function's LogFormat JSON shows it.
function errorObject(error) {
  const stackTrace = typeof error.stack === 'string' ? shownTrace(error.stack) : [];
  return { errorType: (error.constructor && error.constructor.name) || 'UnknownError', errorMessage: error.message,
    stackTrace };
}

function writeJson(level, values) {
  const event = { timestamp: new Date().toISOString(), level, requestId: requestId || undefined };
  const withErrors = (key, value) => (value instanceof Error ? { ...value, ...errorObject(value) } : value);
  const put = (more) => process.stdout.write(JSON.stringify({ ...event, ...more }, withErrors) + '\n');
  const message = util.format(...values);
  if (values.length !== 1) {
    const error = values.find((value) => value instanceof Error);
    return put({ message, ...(error && errorObject(error)) });
  }
  try {
    return put({ message: values[0] });
  } catch (problem) {  // it refers to itself
    return put({ message });
  }
}

for (const [method, level] of Object.entries({ log: 'INFO', info: 'INFO', debug: 'DEBUG', warn: 'WARN', error: 'ERROR',
  trace: 'TRACE', fatal: 'FATAL' })) {
  console[method] = (...values) => {
    if (LEVELS.indexOf(level) < LEAST) return;
    if (JSON_LOG) writeJson(level, values);
    else write(level, util.format(...values));
  };
}

// What this loop says of a failure.
function writeError(what, error) {
  if (JSON_LOG) writeJson('ERROR', [error]);
  else write('ERROR', `${what} \t${errorText(error)}`);
}

function isModule(file) {
  if (file.endsWith('.mjs')) return true;
  if (file.endsWith('.cjs')) return false;
  for (let directory = path.dirname(file); directory.startsWith(TASK_ROOT); directory = path.dirname(directory)) {
    try {
      return JSON.parse(fs.readFileSync(path.join(directory, 'package.json'), 'utf8')).type === 'module';
    } catch (error) {
      if (error.code !== 'ENOENT') return false;
    }
  }
  return false;
}

async function findModule(name) {
  for (const extension of ['', '.js', '.mjs', '.cjs']) {
    const file = path.join(TASK_ROOT, name + extension);
    if (!fs.existsSync(file) || !fs.statSync(file).isFile()) continue;
    return isModule(file) ? await import(url.pathToFileURL(file).href) : require(file);
  }
  return require(require.resolve(path.basename(name), { paths: [TASK_ROOT] }));
}

async function loadModule(name) {
  try {
    return await findModule(name);
  } catch (error) {
    if (error instanceof SyntaxError) throw new Fault('Runtime.UserCodeSyntaxError', String(error));
    if (error && error.code === 'MODULE_NOT_FOUND') {
      throw new Fault('Runtime.ImportModuleError', String(error).split(__filename).join('/var/runtime/index.mjs'));
    }
    throw error;
  }
}

async function resolveHandler(text) {
  if (text.includes('..')) {
    throw new Fault('Runtime.MalformedHandlerName', `'${text}' is not a valid handler name. Use absolute paths when ` +
      'specifying root directories in handler names.');
  }
  const base = path.basename(text);
  const match = /^([^.]*)\.(.+)$/.exec(base);
  if (!match) throw new Fault('Runtime.MalformedHandlerName', 'Bad handler');
  const loaded = await loadModule(text.slice(0, text.length - base.length) + match[1]);
  const found = match[2].split('.').reduce((value, key) => value && value[key], loaded);
  if (!found) throw new Fault('Runtime.HandlerNotFound', `${text} is undefined or not exported`);
  if (typeof found !== 'function') throw new Fault('Runtime.HandlerNotFound', `${text} is not a function`);
  return found;
}

function makeContext(headers, settlers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const client = headers['lambda-runtime-client-context'];
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: client ? JSON.parse(client) : undefined,
    identity: undefined,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
    ...settlers,
  };
}

// A handler answers by a promise, by its context, or by its callback; the first of them counts. The callback's result
// waits until nothing is left to run, unless the context says otherwise. If there is no answer then, null is one.
function run(handler, event, headers) {
  return new Promise((resolve, reject) => {
    let atEnd = () => done();
    const onEnd = () => atEnd();
    process.once('beforeExit', onEnd);
    function done(error, result) {
      process.removeListener('beforeExit', onEnd);
      if (isGiven(error)) reject(error);
      else resolve(result);
    }
    let finished = false;
    const once = (action) => (...values) => {
      if (!finished) action(...values);
      finished = true;
    };
    const context = makeContext(headers, {
      succeed: once((result) => done(null, result)),
      fail: once((error) => done(isGiven(error) ? error : 'handled')),
      done: once(done),
    });
    const callback = once((error, result) => {
      if (isGiven(error) || !context.callbackWaitsForEmptyEventLoop) done(error, result);
      else atEnd = () => done(null, result);
    });
    try {
      const returned = handler(event, context, callback);
      if (returned && typeof returned.then === 'function') returned.then(context.succeed, context.fail);
    } catch (error) {
      callback(error);
    }
  });
}

function stringify(result) {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? 'null';
  } catch (error) {
    throw new Error('Unable to stringify response body');
  }
}

async function serve(handler) {
  for (;;) {
    await new Promise(setImmediate);  // promises that nobody looks after are reported before
    if (dying) return;
    const next = await exchange('GET', 'invocation/next');
    if (next.status !== 200) process.exit(1);
    requestId = next.headers['lambda-runtime-aws-request-id'];
    const trace = next.headers['lambda-runtime-trace-id'];
    if (trace) process.env._X_AMZN_TRACE_ID = trace;
    else delete process.env._X_AMZN_TRACE_ID;
    const id = requestId;
    let answer;
    try {
      answer = stringify(await run(handler, JSON.parse(next.body.toString('utf8')), next.headers));
    } catch (error) {
      writeError('Invoke Error', error);
      await postError(`invocation/${id}/error`, error);
      continue;
    }
    await post(`invocation/${id}/response`, answer);
  }
}

// What nobody has caught ends the process, once the service has been told.
let dying = false;
function die(what, error, code) {
  dying = true;
  writeError(what, error);
  connection = undefined;  // the kept one may be in use
  const told = requestId ? postError(`invocation/${requestId}/error`, error) : postError('init/error', error);
  told.catch(() => undefined).then(() => process.exit(code));
}
process.on('uncaughtException', (error) => die('Uncaught Exception', error, 129));
process.on('unhandledRejection', (reason) => {
  const error = new Fault('Runtime.UnhandledPromiseRejection', String(reason));
  if (reason && reason.stack) error.stack = reason.stack;
  error.reason = reason;
  die('Unhandled Promise Rejection', error, 128);
});

resolveHandler(process.argv[2] || '').then(serve, async (error) => {
  writeError('Uncaught Exception', error);
  await postError('init/error', error);
  process.exit(1);
}).catch(() => process.exit(1));
