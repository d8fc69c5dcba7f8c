import '@fontsource-variable/noto-sans-sc/index.css';
import './style/base.css';
import { mount } from 'svelte';
import Console from './Console.svelte';
import { settings } from './ui/settings.svelte';

settings.dress();
const target = document.getElementById('console');
if (target !== null) mount(Console, { target });
