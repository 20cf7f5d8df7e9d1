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
    this.name = type;
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
    const [first, ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
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
  connection = connection || new Connection();
  return connection.exchange(method, suffix, body, headers);
}

function post(suffix, text, headers = {}) {
  const body = Buffer.from(text);
  const standard = { 'Content-Type': 'application/json', 'Content-Length': body.length };
  return exchange('POST', suffix, body, { ...standard, ...headers });
}

function errorDocument(error) {
  if (!util.types.isNativeError(error) && !(error && error.name && error.message !== undefined)) {
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  }
  const shown = (text) => String(text).split(TASK_ROOT).join(SHOWN_ROOT);
  return {
    errorType: String(error.name),
    errorMessage: error instanceof Fault ? shown(error.message) : String(error.message),
    trace: shown(error.stack || '').split('\n').filter((line) => !line.includes(__filename)),
  };
}

function postError(suffix, error) {
  const document = errorDocument(error);
  const type = document.errorType.replace(/[^\x20-\x7e]/g, '?');
  return post(suffix, JSON.stringify(document), { 'Lambda-Runtime-Function-Error-Type': type });
}

function write(level, text) {
  process.stdout.write(`${new Date().toISOString()}\t${requestId || 'undefined'}\t${level}\t${text}\n`);
}

for (const [method, level] of Object.entries({ log: 'INFO', info: 'INFO', debug: 'DEBUG', warn: 'WARN', error: 'ERROR',
  trace: 'TRACE' })) {
  console[method] = (...values) => write(level, util.format(...values));
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

async function loadModule(name) {
  for (const extension of ['', '.js', '.mjs', '.cjs']) {
    const file = path.join(TASK_ROOT, name + extension);
    if (!fs.existsSync(file) || !fs.statSync(file).isFile()) continue;
    try {
      return isModule(file) ? await import(url.pathToFileURL(file).href) : require(file);
    } catch (error) {
      if (error instanceof SyntaxError) throw new Fault('Runtime.UserCodeSyntaxError', String(error));
      if (error && (error.code === 'MODULE_NOT_FOUND' || error.code === 'ERR_MODULE_NOT_FOUND')) {
        throw new Fault('Runtime.ImportModuleError', String(error).split('\n- ' + __filename).join(''));
      }
      throw error;
    }
  }
  try {
    return require(require.resolve(name, { paths: [TASK_ROOT] }));
  } catch (error) {
    throw new Fault('Runtime.ImportModuleError', `Error: Cannot find module '${path.basename(name)}'`);
  }
}

async function resolveHandler(text) {
  if (text.includes('..')) throw new Fault('Runtime.MalformedHandlerName', `'${text}' is not a valid handler name.`);
  const base = path.basename(text);
  const match = /^([^.]*)\.(.+)$/.exec(base);
  if (!match) throw new Fault('Runtime.MalformedHandlerName', 'Bad handler');
  const loaded = await loadModule(text.slice(0, text.length - base.length) + match[1]);
  const find = (from) => match[2].split('.').reduce((value, key) => value && value[key], from);
  const found = find(loaded) || (loaded.default && find(loaded.default));
  if (!found) throw new Fault('Runtime.HandlerNotFound', `${text} is undefined or not exported`);
  if (typeof found !== 'function') throw new Fault('Runtime.HandlerNotFound', `${text} is not a function`);
  return found;
}

function makeContext(headers, callback) {
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
    done: (error, result) => callback(error, result),
    succeed: (result) => callback(null, result),
    fail: (error) => callback(error || new Error('fail')),
  };
}

// A handler answers by a promise, by its callback, or, if it does neither, with null once nothing is left to run.
function run(handler, event, headers) {
  return new Promise((resolve, reject) => {
    let answer;
    const settle = () => {
      process.removeListener('beforeExit', settle);
      if (answer && answer.error) reject(answer.error);
      else resolve(answer ? answer.result : null);
    };
    const context = makeContext(headers, callback);
    function callback(error, result) {
      if (answer) return;
      answer = { error, result };
      if (!context.callbackWaitsForEmptyEventLoop || error) settle();
    }
    process.on('beforeExit', settle);
    const returned = handler(event, context, callback);
    if (returned && typeof returned.then === 'function') {
      process.removeListener('beforeExit', settle);
      returned.then(resolve, reject);
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
      write('ERROR', `Invoke Error \t${JSON.stringify(errorDocument(error))}`);
      await postError(`invocation/${id}/error`, error);
      continue;
    }
    await post(`invocation/${id}/response`, answer);
  }
}

// What nobody has caught ends the process, once the service has been told.
function die(error, code) {
  write('ERROR', `Uncaught Exception \t${JSON.stringify(errorDocument(error))}`);
  connection = undefined;  // the kept one may be in use
  const told = requestId ? postError(`invocation/${requestId}/error`, error) : postError('init/error', error);
  told.catch(() => undefined).then(() => process.exit(code));
}
process.on('uncaughtException', (error) => die(error, 129));
process.on('unhandledRejection', (reason) => {
  const error = new Fault('Runtime.UnhandledPromiseRejection', String(reason));
  if (reason && reason.stack) error.stack = reason.stack;
  die(error, 128);
});

resolveHandler(process.argv[2] || '').then(serve, async (error) => {
  write('ERROR', `Uncaught Exception \t${JSON.stringify(errorDocument(error))}`);
  await postError('init/error', error);
  process.exit(1);
}).catch(() => process.exit(1));
