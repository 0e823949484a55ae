export default {
  // The worker loads its engine when it needs it.
  worker: { format: 'es' },
  build: { target: 'es2022' },
  // Else the development server finds them only as the page runs, and loads it again.
  optimizeDeps: { include: ['tandem/client', 'tandem/client/worker'] },
};
