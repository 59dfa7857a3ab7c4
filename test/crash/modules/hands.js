// A strategy that decides nothing: what it does comes from the test that delivers to its instance.
module.exports.metadata = {
  name: 'hands',
  tag: 'v1.0.0',
  displayName: 'Hands',
  description: 'Places the orders a test asks for',
  events: ['ExecReport'],
  config: [],
};

module.exports.create = function create() {
  return {};
};
