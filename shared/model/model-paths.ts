/** Where the merged model of a run is to be had when it is over, below the server's address: the two files of the tfjs layers format. */
export const modelPaths = { topology: '/model/model.json', weights: '/model/weights.bin' } as const;
