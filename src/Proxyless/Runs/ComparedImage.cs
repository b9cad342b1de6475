namespace Proxyless.Runs;

/// <summary>An image in the form that a model takes.</summary>
/// <param name="Input">[channels, side, side], row-major.</param>
/// <param name="Label">The number of its class; null if it is unknown.</param>
internal sealed record ComparedImage(float[] Input, int? Label);
