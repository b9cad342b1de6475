namespace Proxyless.Cli.Output;

/// <summary>Times for people: <c>45 s</c>, <c>12 min</c>, <c>2 h 05 min</c>.</summary>
internal static class Durations
{
    /// <summary>The text of a duration.</summary>
    public static string Text(TimeSpan time) => time switch
    {
        { TotalSeconds: < 90 } => $"{time.TotalSeconds:0} s",
        { TotalMinutes: < 90 } => $"{time.TotalMinutes:0} min",
        _ => $"{(int)time.TotalHours} h {time.Minutes:00} min",
    };

    /// <summary>The text of a number of seconds.</summary>
    public static string Text(double seconds) => Text(TimeSpan.FromSeconds(seconds));
}
