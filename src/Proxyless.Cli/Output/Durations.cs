namespace Proxyless.Cli.Output;

/// <summary>Times for people: <c>45 s</c>, <c>12 min</c>, <c>2 h 05 min</c>.</summary>
internal static class Durations
{
    /// <summary>The text of a duration.</summary>
    public static string Text(TimeSpan time) => Text(time.TotalSeconds);

    /// <summary>The text of a number of seconds, however large.</summary>
    public static string Text(double seconds) =>
        seconds switch
        {
            < 90 => $"{seconds:0} s",
            < 90 * 60 => $"{seconds / 60:0} min",
            _ => $"{Math.Floor(seconds / 3600):0} h {Math.Floor(seconds % 3600 / 60):00} min",
        };
}
