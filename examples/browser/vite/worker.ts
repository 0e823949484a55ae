import 'tandem/client/worker';
