namespace Proxyless.Cli.Options;

/// <summary>The headings of the options in the help of the large commands.</summary>
internal static class OptionHeading
{
    public const string Main = "Main options";
    public const string Images = "Images";
    public const string Limits = "Limits and target";
    public const string Search = "Search";
    public const string Training = "Training";
    public const string Comparison = "Comparison";
    public const string Output = "Output";
    public const string Machine = "Machine";
    public const string Other = "Other";

    /// <summary>In the order of the help.</summary>
    public static IReadOnlyList<string> All { get; } =
    [Main, Images, Limits, Search, Training, Comparison, Output, Machine, Other];
}
