// Which layers the seat shows.
import type { Shading } from '../map/zones';

class Layers {
  shading = $state<Shading>('level');
  stations = $state(true);
  units = $state(true);
  reports = $state(true);
  rivers = $state(true);
}

export const layers = new Layers();
