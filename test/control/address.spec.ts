import test from 'ava';
import { hostName, isLoopback, listenFault, parseAddress, urlOf } from '../../actors/control/address.ts';

test('reads host and port', (t) => {
  t.deepEqual(parseAddress('127.0.0.1:8880'), { host: '127.0.0.1', port: 8880 });
  t.deepEqual(parseAddress('localhost:0'), { host: 'localhost', port: 0 });
  t.deepEqual(parseAddress('[::1]:8880'), { host: '::1', port: 8880 });
  t.deepEqual(parseAddress('api.example:65535'), { host: 'api.example', port: 65_535 });
});

test('refuses what is no address, and says which would be', (t) => {
  for (const text of [
    '',
    '8880',
    ':8880',
    'localhost',
    'localhost:',
    'localhost:99999',
    '::1:8880',
    'http://localhost:1',
    'a b:1',
  ]) {
    t.throws(() => parseAddress(text), { name: 'ListenFault', message: /such as 127\.0\.0\.1:8880/ }, text);
  }
});

test('knows which addresses only this machine reaches', (t) => {
  for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '::1']) t.true(isLoopback(host), host);
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.evil.example', 'example.com']) t.false(isLoopback(host), host);
});

test('the URL is one a browser on this machine can open', (t) => {
  t.is(urlOf({ host: '0.0.0.0', port: 1 }), 'http://127.0.0.1:1');
  t.is(urlOf({ host: '::', port: 1 }), 'http://[::1]:1');
  t.is(urlOf({ host: '10.0.0.1', port: 80 }), 'http://10.0.0.1:80');
});

test('takes the host name out of a Host header', (t) => {
  t.is(hostName('LocalHost:80'), 'localhost');
  t.is(hostName('[::1]:80'), '::1');
  t.is(hostName('example.com.'), 'example.com');
  for (const text of [undefined, '', 'a b', 'a:b:c', '[::1', 'user@host', 'host:port'])
    t.is(hostName(text), null, String(text));
});

test('a port that is taken is said in one sentence that names it and the way out', (t) => {
  const taken = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' });
  t.is(
    listenFault(taken, { host: '127.0.0.1', port: 8880 }).message,
    'the control API cannot listen on 127.0.0.1:8880: another process has it: stop that process, ' +
      'or set MELTICA_API_ADDR to another host:port (port 0 takes any free one)',
  );
});
