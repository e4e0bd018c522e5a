// Before the first paint: the theme a person chose, else the system's.
if (localStorage.theme) document.documentElement.dataset.theme = localStorage.theme;
