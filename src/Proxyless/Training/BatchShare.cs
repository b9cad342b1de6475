namespace Proxyless.Training;

/// <summary>What a process's part of a batch counts in a mean over the whole batch.</summary>
/// <param name="Weight">In a mean loss and its gradients: the sum of its images' class weights.</param>
/// <param name="Images">In statistics: the number of its images.</param>
internal readonly record struct BatchShare(double Weight, long Images)
{
    /// <summary>The share of images that all weigh the same.</summary>
    public static BatchShare Of(long images) => new(images, images);
}
